// A whole row, written out so that its columns can be gated. Plain C in style.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::gate {

/// A column in place of a whole-row reference to its table; a null where the column has been dropped.
Node *field_of(const Var *whole, const FormData_pg_attribute &column);

/// The row of these fields in place of a whole-row reference, within the join tree of its query.
Node *row_of(const Var *whole, List *fields, List *names, FromExpr *join_tree);

} // namespace gdpr::gate
