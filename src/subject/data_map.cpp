// gdpr.data_map: where a person's data lies and how it is reached, for people to read.
#include "pg/pg.hpp"
#include "subject/graph.hpp"

using namespace gdpr;

namespace {

std::string keys_of(const subject::Step &step) {
    std::string text;
    for (const subject::Hop &hop : step.hops) {
        const auto list = [](const std::vector<std::string> &columns) {
            std::string names;
            for (const std::string &column : columns)
                names += (names.empty() ? "" : ", ") + pg::quote(column);
            return "(" + names + ")";
        };
        text += (text.empty() ? "" : "; ") + pg::relation_name(hop.edge.child) + list(hop.edge.child_columns) + " -> " +
                pg::relation_name(hop.edge.parent) + list(hop.edge.parent_columns);
        if (!hop.edge.when.empty())
            text += " when " + hop.edge.when;
    }
    return text;
}

const char *word(subject::Step::Kind kind) {
    using Kind = subject::Step::Kind;
    return kind == Kind::subject ? "subject" : kind == Kind::owned ? "owned" : "accessed";
}

} // namespace

GDPR_FUNCTION(gdpr_data_map) {
    pg::ResultSet result(fcinfo);
    for (const subject::Node &node : subject::nodes()) {
        if (!node.subject)
            continue;
        const subject::Walk walk = subject::graph().walk(node.id);
        for (const subject::Step &step : walk.steps)
            result.add({pg::param_oid(node.id), pg::param_oid(step.node), pg::param(word(step.kind)),
                        pg::param(keys_of(step)), pg::param(step.shared), pg::null_param(TEXTOID)});
        for (const subject::Undecided &each : walk.undecided)
            result.add({pg::param_oid(node.id), pg::param_oid(each.node), pg::param("undecided"),
                        pg::param(each.detail), pg::param(false), pg::param(each.statement)});
    }
    PG_RETURN_NULL();
}
