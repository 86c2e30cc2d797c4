// Mails to the mail server, by libcurl.
#pragma once

#include "mail/settings.hpp"

#include <memory>

namespace gdpr::mail {

struct Outcome {
    enum class Kind {
        sent,       // the server took it over
        deferred,   // not now: of this mail, or of its address
        rejected,   // never
        trouble,    // it is the server, not the mail
        interrupted // the session is to end
    } kind;
    std::string error; // its class and the server's code, without personal data
};

/// A connection that is kept from mail to mail.
class Smtp {
  public:
    /// Raises where the password file cannot be used, and where a password would go over an open line.
    explicit Smtp(const Settings &settings);
    ~Smtp();
    Smtp(const Smtp &) = delete;
    Smtp &operator=(const Smtp &) = delete;

    /// Holds nothing of the database while it waits. Cancel and shutdown end it, within a second.
    Outcome send(const std::string &from, const std::string &to, const std::string &bytes);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace gdpr::mail
