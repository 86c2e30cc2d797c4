// Refusals that the guards of gated tables share.
#pragma once

#include "gate/trace.hpp"

namespace gdpr::gate {

/// Raises that a role cannot do `what` a relation, some columns of which it does not see.
[[noreturn]] void refuse(Oid relation, const char *what);

/// The tables that have their columns from a type, and follow when it changes.
std::vector<Oid> tables_of_type(const RangeVar *name);

/// A rule follows the column whose name changes.
void follow_rename(const RenameStmt &statement);

/// Takes note of a constraint that is about to be dropped: a column whose foreign key goes would be gated no longer.
void note_constraint_drop(Oid constraint);
/// A new statement begins.
void forget_freed() noexcept;
/// Raises where a column of those is still there.
void refuse_freed();

} // namespace gdpr::gate
