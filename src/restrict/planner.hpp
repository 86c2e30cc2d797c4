// The extension's policies in a plan: early enough to hide every row, late enough to leave the indexes usable.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::restriction {

/// Chains the planner.
void init_planner();

/// Can nothing in this statement tell anybody about a row that a condition beside it would remove, whichever of them
/// runs first? Collects into `queries` the query levels that were looked at. What the statement itself returns is
/// computed from rows that passed, and not looked at.
bool discreet(Query *statement, List **queries);

} // namespace gdpr::restriction
