// Commands and functions that reach rows or what is known of them past the planner.
#pragma once

#include "gate/rewrite.hpp"

namespace gdpr::gate {

/// Chains the processing of utility commands.
void init_utility();

extern bool any_held; // a cursor WITH HOLD, of this session
void check_each_held_cursor();

/// Closes cursors WITH HOLD to roles that do not see what their rows were filled with, as long as these roles are
/// there. In every statement's way.
inline void check_held_cursors() {
    if (any_held)
        check_each_held_cursor();
}

/// Keeps the statistics of gated columns from estimates, and functions that read the server's log of changes from gated
/// roles.
void init_statistics();

/// Chains EXPLAIN, which tells what was gated.
/// Where what an EXPLAIN tells goes: past a receiver that adds what was gated, where no hook of EXPLAIN's does.
DestReceiver *explaining(const ExplainStmt &statement, DestReceiver *destination);

void init_explain();

} // namespace gdpr::gate
