// All rows of a relation, below SQL: without privileges, row security or queries.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

/// Visits every row of a table and of its partitions and heirs that the calling query sees; `leaf` is the one that has
/// the row. What visit() allocates is gone when it returns.
void each_row(Oid relation, const std::function<void(Oid leaf, TupleTableSlot *row)> &visit);

/// The same of one relation that has rows, as the snapshot sees them.
void each_row_of(Oid relation, Snapshot snapshot, const std::function<void(TupleTableSlot *row)> &visit);

} // namespace gdpr::pg
