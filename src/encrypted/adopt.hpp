// Object ids in the binary form of arrays and composite types.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::encrypted {

/// Puts this database's ids of types in the place of those of the database that a value was sealed in. Those of
/// PostgreSQL's own types stay, so that the type's receive function finds a difference.
void adopt_type_ids(Oid type, StringInfo wire);

} // namespace gdpr::encrypted
