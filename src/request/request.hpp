// Requests of people for their rights (Art. 12, 15 to 22): received, paused, extended, refused, fulfilled.
#pragma once

#include "subject/graph.hpp"

namespace gdpr::request {

/// A request as it comes in.
struct Opening {
    std::string kind;                        // as gdpr.request has them
    std::optional<subject::Subject> subject; // none: it is not known who asks
    std::optional<TimestampTz> received;     // none: now
    std::string way = "mail";                // mail, web, phone, letter or person
    std::optional<std::string> contact;      // in the words of whoever asks
    std::optional<std::string> details;      // a JSON object: purpose, changes, reason, text
    std::optional<std::string> verified;     // how it is known who asks; none: it is not
};

/// Records it and returns its number. Whether the caller may is the caller's matter. Raises where it is of no known
/// kind or way, from the future, and where it says neither who asks nor where to answer.
std::int64_t open(const Opening &opening);

void init();

} // namespace gdpr::request
