// Whose tables a label may reach.
#pragma once

#include "label/grammar.hpp"
#include "pg/postgres.hpp"

namespace gdpr::label {

/// Raises where the label would make rights of people of this relation reach rows of another that the current user may
/// not refer to: an edge, or the same person. What an edge names need not exist yet.
void check_reach(Oid relation, const TableLabel &label);
void check_reach(Oid relation, const ColumnLabel &label);

} // namespace gdpr::label
