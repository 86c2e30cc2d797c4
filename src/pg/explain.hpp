// EXPLAIN's headers, which few files need.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "commands/explain.h"
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif
#include "executor/instrument.h"
#include "portability/instr_time.h"
}

namespace gdpr::pg {

/// What a hook on EXPLAIN does first: calls the next one, or PostgreSQL's own where there is none.
void explain_query(ExplainOneQuery_hook_type next, Query *query, int options, IntoClause *into, ExplainState *state,
                   const char *text, ParamListInfo parameters, QueryEnvironment *environment);

} // namespace gdpr::pg
