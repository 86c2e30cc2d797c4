// EXPLAIN tells which columns were gated, and by which rule.
#include "pg/explain.hpp"
#include "gate/planner.hpp"
#include "gate/utility.hpp"
#include "pg/pg.hpp"

namespace gdpr::gate {

namespace {

ExplainOneQuery_hook_type next_explain = nullptr;

void explain_next(Query *query, int options, IntoClause *into, ExplainState *state, const char *text,
                  ParamListInfo parameters, QueryEnvironment *environment) {
    if (next_explain != nullptr) {
        next_explain(query, options, into, state, text, parameters, environment);
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

std::vector<std::string> in_words(const std::vector<Gated> &gated) {
    std::vector<std::string> out;
    for (const Gated &each : gated) {
        const char *column = pg::call([&] { return get_attname(each.relation, each.column, true); });
        std::string line = pg::relation_name(each.relation) + '.' + pg::quote(column != nullptr ? column : "") + ": " +
                           each.verdict.rule;
        if (std::find(out.begin(), out.end(), line) == out.end())
            out.push_back(std::move(line));
    }
    return out;
}

void tell(ExplainState *state, const std::vector<std::string> &lines) {
    List *list = NIL;
    for (const std::string &line : lines)
        list = pg::call([&] { return lappend(list, pstrdup(line.c_str())); });
    pg::call([&] {
        if (state->format == EXPLAIN_FORMAT_TEXT) {
            ListCell *cell;
            foreach (cell, list)
                ExplainPropertyText("Gated", static_cast<char *>(lfirst(cell)), state);
            return;
        }
        ExplainOpenGroup("Query", nullptr, true, state);
        ExplainPropertyList("Gated", list, state);
        ExplainCloseGroup("Query", nullptr, true, state);
    });
}

void explain(Query *query, int options, IntoClause *into, ExplainState *state, const char *text,
             ParamListInfo parameters, QueryEnvironment *environment) {
    if (!pg::boundary([] { return any_rules() && sight().gated; })) {
        explain_next(query, options, into, state, text, parameters, environment);
        return;
    }
    pg::boundary([&] {
        // CREATE TABLE AS within EXPLAIN ANALYZE makes the table.
        if (into != nullptr && state->analyze)
            refuse_stored(query, sight());
        const Notes notes;
        pg::call([&] { explain_next(query, options, into, state, text, parameters, environment); });
        if (const auto lines = in_words(notes.gated()); !lines.empty())
            tell(state, lines);
    });
}

} // namespace

void init_explain() {
    next_explain = ExplainOneQuery_hook;
    ExplainOneQuery_hook = explain;
}

} // namespace gdpr::gate
