// What people fill in themselves: consent forms, opt-in, portal.
#pragma once

#include "rights/identifier.hpp"
#include "subject/graph.hpp"

namespace gdpr::form {

/// Where the application answers tokens: the page, or gdpr.public_url where it is empty. Raises where that is, too.
std::string page_or_default(const std::string &page);

/// What opens it there.
std::string link(const std::string &page, const std::string &token);

/// A number that a mail was queued with; raises where it has none of the name, as every mail of this room has.
std::int64_t number_in(const std::string &parameters, const char *name);

/// Deletes what was submitted under these addresses and waits to be confirmed; with `dry_run`, only counts.
std::uint64_t erase_submissions(const std::set<rights::Identifier> &identifiers, bool dry_run);

/// What children's consent needs beside the answers (Art. 8), as gdpr.give_consent() takes it for evidence.
inline constexpr std::array<std::string_view, 4> statements{"born", "age", "adult", "parent"};

void init_consent();
void init_optin();
void init_portal();
void init();

} // namespace gdpr::form
