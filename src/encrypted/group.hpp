// Groups of encrypted values, made by hashing.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::encrypted {

/// Lets the plan's hash aggregates, and DISTINCT and UNION by these, group by a digest of what is encrypted.
void group_by_digest(PlannedStmt *planned);

} // namespace gdpr::encrypted
