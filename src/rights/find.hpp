// Who is known by an identifier.
#pragma once

#include "pg/catalog.hpp"
#include "subject/graph.hpp"

namespace gdpr::rights {

/// The people whom a value of one column belongs to, as gdpr.find() looks for it; in the active snapshot.
std::vector<subject::Subject> holders(Oid relation, const pg::Column &column, const std::string &identifier);

/// Is there an index by which holders() finds the rows?
bool is_indexed(Oid relation, const pg::Column &column);

} // namespace gdpr::rights
