// Where the values of an expression come from, through subqueries, WITH, joins and set operations.
#pragma once

#include "gate/columns.hpp"

namespace gdpr::gate {

/// The queries around an expression, the innermost last.
using Levels = std::vector<const Query *>;

/// Calls visit(relation, column) for each column of a table whose value may flow into the expression; a column of 0 is
/// the whole row. What only decides whether there is a value, as a WHERE does, is not visited.
void trace(const Node *expression, const Levels &levels, const std::function<void(Oid, AttrNumber)> &visit);

/// The same for one column of what a query returns.
void trace_output(const Query *query, int column, const Levels &around,
                  const std::function<void(Oid, AttrNumber)> &visit);

/// The strictest verdict on what flows into an expression.
Verdict flowing(const Node *expression, const Levels &levels, const Sight &sight);
Verdict flowing_out(const Query *query, int column, const Levels &around, const Sight &sight);

} // namespace gdpr::gate
