// How values of a type are compared in statements, whatever search_path says.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

/// The equality that the type's indexes know, qualified: search_path must not choose another one.
std::optional<std::string> equality(Oid type);

/// The same for statements under search_path pg_catalog: as short as may be, and = where the type has none.
std::string equals(Oid type);

/// The equality of a column with values of a type: its own where it is of that type, such as citext has; of an
/// encrypted column with its plain type it is what the extension has in pg_catalog.
std::string equals(Oid column, Oid type);

/// Are values that are equal the same, byte for byte, and so written alike? Not so 1.0 and 1.00, or citext.
bool equal_is_same(Oid type, Oid collation);

} // namespace gdpr::pg
