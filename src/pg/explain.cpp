#include "pg/explain.hpp"

namespace gdpr::pg {

void explain_query(ExplainOneQuery_hook_type next, Query *query, int options, IntoClause *into, ExplainState *state,
                   const char *text, ParamListInfo parameters, QueryEnvironment *environment) {
    if (next != nullptr) {
        next(query, options, into, state, text, parameters, environment);
        return;
    }
#if PG_VERSION_NUM >= 170000
    standard_ExplainOneQuery(query, options, into, state, text, parameters, environment);
#else
    // As PostgreSQL does it, which has no function for it yet.
    const BufferUsage before = pgBufferUsage;
    instr_time start, duration;
    INSTR_TIME_SET_CURRENT(start);
    PlannedStmt *plan = pg_plan_query(query, text, options, parameters);
    INSTR_TIME_SET_CURRENT(duration);
    INSTR_TIME_SUBTRACT(duration, start);
    BufferUsage used{};
    BufferUsageAccumDiff(&used, &pgBufferUsage, &before);
    ExplainOnePlan(plan, into, state, text, parameters, environment, &duration, state->buffers ? &used : nullptr);
#endif
}

} // namespace gdpr::pg
