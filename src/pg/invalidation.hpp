// One callback of the relation cache for the whole extension: PostgreSQL has ten places for them in a process, and
// needs half of these itself.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

/// Called with the relation that changed, or InvalidOid for all of them. It may not fail: it only sets marks.
void on_relation_change(void (*callback)(Oid relation));

} // namespace gdpr::pg
