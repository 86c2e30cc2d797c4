// A consent form as one person is shown it.
#pragma once

#include "form/token.hpp"

namespace gdpr::form {

struct Question {
    std::string purpose, wording, version;
};

/// Merge fields filled in, in UTF-8, and not escaped: whoever writes HTML does that.
struct Content {
    std::string form, locale, title, introduction;
    std::vector<Question> questions;
};

/// What a request asks of a person. Raises undefined_column where a merge field is none.
Content content_of(std::int64_t request, const subject::Subject &person);

/// Refuses a token whose request does not wait any more. With `lock`, nobody else answers it until the transaction
/// ends.
void require_waiting(const Ticket &ticket, bool lock);

/// A text in UTF-8 in the database's encoding.
std::string from_utf8(const std::string &text);

} // namespace gdpr::form
