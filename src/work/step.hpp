// One transaction's share of due work.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::work {

struct Failure {
    int sqlstate;
    std::string text; // without personal data
};

/// Runs the step as the extension's owner, in a subtransaction and a memory context of its own. What it raised comes
/// back as a text without personal data and is rolled back; a cancelled statement and a server that goes down travel
/// on. The caller commits.
std::optional<Failure> step(const std::function<void()> &step);

} // namespace gdpr::work
