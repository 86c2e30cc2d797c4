// An instruction becomes a mail.
#pragma once

#include "mail/settings.hpp"
#include "subject/graph.hpp"

namespace gdpr::mail {

/// A row of gdpr.outbox.
struct Queued {
    std::int64_t id = 0;
    std::string template_name;
    std::optional<subject::Subject> subject;
    std::optional<std::string> recipient, address, reference, attachment, parameters, message_id;
    int attempts = 0; // this one included
};

struct Letter {
    std::string address;
    std::string bytes;
};

/// The SQLSTATE of what render() raises where it will never be a mail: there is no address, or the template is wrong.
inline constexpr int undeliverable = MAKE_SQLSTATE('G', 'D', '0', '0', '1');

/// Where it goes: the address it was given, or the person's own. Raises undeliverable.
std::string destination(const Queued &queued);

/// The mail, with what the rooms add and what is attached. Raises undeliverable; what else it raises may pass.
Letter render(const Queued &queued, const Settings &settings);

/// What can be attached: "access" or "export", and ":" and a format. Raises where a kind is none.
void check_attachment(const std::string &kind);

} // namespace gdpr::mail
