// EXPLAIN (ANALYZE) tells how many values the statement decrypted.
#include "pg/explain.hpp"
#include "encrypted/encrypted.hpp"
#include "encrypted/value.hpp"

namespace gdpr::encrypted {

namespace {

ExplainOneQuery_hook_type next_explain = nullptr;

void explain(Query *query, int options, IntoClause *into, ExplainState *state, const char *text,
             ParamListInfo parameters, QueryEnvironment *environment) {
    const std::uint64_t before = values_opened;
    pg::explain_query(next_explain, query, options, into, state, text, parameters, environment);
    if (!state->analyze || values_opened == before)
        return;
    const bool document = state->format != EXPLAIN_FORMAT_TEXT;
    if (document)
        ExplainOpenGroup("Query", nullptr, true, state);
    ExplainPropertyUInteger("Decrypted Values", nullptr, values_opened - before, state);
    if (document)
        ExplainCloseGroup("Query", nullptr, true, state);
}

} // namespace

void init_explain() {
    next_explain = ExplainOneQuery_hook;
    ExplainOneQuery_hook = explain;
}

} // namespace gdpr::encrypted
