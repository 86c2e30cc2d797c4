// Tokens in the links that people are sent: 256 bits, known to nobody but whoever has the mail.
#pragma once

#include "subject/graph.hpp"

namespace gdpr::form {

/// What a token opens, and nothing else.
enum class Use { consent, optin, portal, address };

/// What is known of a token.
struct Ticket {
    std::int64_t id = 0;
    std::int64_t reference = 0; // the consent request or the submission; 0 of the portal
    std::optional<subject::Subject> person;
    bool used = false;
};

/// Makes a token, URL-safe, and stores its keyed hash. Until `expires` it opens this use of this reference. The text is
/// for the mail alone: it must be stored nowhere and returned to no caller.
/// `changes`, as JSON, are what it confirms.
std::string issue(Use use, std::int64_t reference, const std::optional<subject::Subject> &person, TimestampTz expires,
                  const std::optional<std::string> &changes = std::nullopt);

/// The token's ticket, also where it is used; raises as refuse() does where there is none that opens this now.
Ticket present(Use use, std::string_view token);

/// Spends it. Of two who do so at once the second waits for the first and is then refused.
void spend(const Ticket &ticket);

/// Whoever guesses waits, all sessions in one line.
void wait_in_line();

/// The one answer to whatever is wrong with a token, after a wait in line.
[[noreturn]] void refuse();

/// A keyed hash, of the kind that the name says.
std::string pending_hash(std::string_view kind, std::string_view value);

} // namespace gdpr::form
