// What stands in the way of a column's new type: taken aside before, brought back after; or refused.
#pragma once

#include "apply/action.hpp"
#include "pg/pg.hpp"

namespace gdpr::apply {

/// A relation with its partitions and inheritance children, parents first.
std::vector<Oid> family_of(Oid relation, pg::Spi &spi);

/// Raises where an index, a statistics object or a generated column of the relation stores a plaintext result of one
/// of its encrypted columns.
void refuse_stored_plaintext(Oid relation, pg::Spi &spi);

/// Raises where PostgreSQL would refuse the new type, or something could not be brought back as it was.
void refuse_obstacles(Oid relation, const std::vector<std::string> &columns, pg::Spi &spi);

/// Views, rules, triggers and policies that use the columns: the statements that drop them, and those that make them
/// again.
struct Dependents {
    Actions before, after;
};
Dependents dependents_of(Oid relation, const std::vector<std::string> &columns, pg::Spi &spi);

} // namespace gdpr::apply
