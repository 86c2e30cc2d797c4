// That the blocklist recognised somebody, recorded whatever becomes of the transaction: whoever probes the list by
// inserts that he rolls back, or that are refused, is seen.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::rights {

/// Counts a hit of the current transaction; its end writes them. `action` is what was done about it.
void note_hit(Oid relation, const std::string &column, std::string_view action);

} // namespace gdpr::rights
