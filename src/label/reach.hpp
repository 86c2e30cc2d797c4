// Whose tables a label may reach.
#pragma once

#include "label/grammar.hpp"
#include "pg/postgres.hpp"

namespace gdpr::label {

/// The table that a label's arrow names, InvalidOid where there is none: unqualified, one beside the labelled table.
/// The search path has no say, so that a label means the same to everyone.
Oid target_of(Oid relation, const Target &target);

/// Raises where the label would make rights of people of this relation reach rows of another that the current user may
/// not refer to: an edge, or the same person. What an edge names need not exist yet.
void check_reach(Oid relation, const TableLabel &label);
void check_reach(Oid relation, const ColumnLabel &label);

} // namespace gdpr::label
