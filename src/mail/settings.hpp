// How mails leave, and what is said in all of them: the superuser's settings.
#pragma once

#include "mail/mime.hpp"

#include <optional>
#include <string>

namespace gdpr::mail {

struct Settings {
    enum class Tls { automatic, require, off };

    std::string url; // smtp:// or smtps://; empty: nothing is sent
    std::string user;
    std::string password_file;
    std::string ca_file;
    std::string public_url;
    std::optional<Mailbox> from; // none: not set
    Tls tls;
    int timeout;     // of one mail, in seconds
    int attempts;    // after so many a mail is dead
    int retry_delay; // after the first failure, in seconds; doubles with each
    int domain_rate; // mails a minute to one domain; 0: no limit
    int keep_days;   // that a mail stays in the outbox once it was sent or given up
};

/// As they are now, for the session.
Settings settings();

void init_settings();

} // namespace gdpr::mail
