// What a table's storage tells without a look at its rows.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

/// Has the table not a single page? Then no snapshot sees a row in it, and nobody need be asked for one. Much of what
/// may be kept of people is kept of nobody in most databases.
bool without_pages(Oid relation);

} // namespace gdpr::pg
