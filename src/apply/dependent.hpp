// What stands in the way of a column's new type: taken aside before, brought back after; or refused.
#pragma once

#include "apply/action.hpp"
#include "pg/pg.hpp"

namespace gdpr::apply {

struct ColumnChange {
    pg::Column column;
    Oid type; // the new one
};

/// A relation with its partitions and inheritance children, parents first.
std::vector<Oid> family_of(Oid relation, pg::Spi &spi);

/// Raises where PostgreSQL would refuse the new type, or something could not be brought back as it was.
void refuse_obstacles(Oid relation, const std::vector<ColumnChange> &changes, pg::Spi &spi);

/// All that uses the columns: the statements that take it aside, and those that bring it back.
struct Dependents {
    Actions before, after;
};
Dependents dependents_of(Oid relation, const std::vector<ColumnChange> &changes, pg::Spi &spi);

} // namespace gdpr::apply
