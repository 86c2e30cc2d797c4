// gdpr.data_map: where a person's data lies and how it is reached, for people to read.
#include "pg/pg.hpp"
#include "subject/graph.hpp"
#include "subject/same_person.hpp"

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

/// A string of the language of Graphviz.
std::string dot_string(const std::string &text) {
    std::string out = "\"";
    for (const char c : text)
        if (c == '"' || c == '\\')
            out += std::string("\\") + c;
        else
            out += c == '\n' ? std::string("\\n") : std::string(1, c);
    return out + '"';
}

/// The relations and edges to draw, each once, in order.
struct Drawing {
    std::map<std::string, std::string> nodes; // attributes by name
    std::set<std::string> edges;

    void node(Oid relation, const std::string &attributes) {
        nodes.try_emplace(pg::relation_name(relation), attributes);
    }
    void edge(const subject::Hop &hop, const char *style) {
        std::string label;
        for (std::size_t i = 0; i < hop.edge.child_columns.size(); i++)
            label += (i > 0 ? ", " : "") + hop.edge.child_columns[i];
        if (!hop.edge.when.empty())
            label += "\nwhen " + hop.edge.when;
        // The arrow goes the way the key points.
        edges.insert(dot_string(pg::relation_name(hop.edge.child)) + " -> " +
                     dot_string(pg::relation_name(hop.edge.parent)) + " [label=" + dot_string(label) + style + "];");
    }
};

Drawing drawing() {
    using Kind = subject::Step::Kind;
    Drawing out;
    for (const subject::Node &node : subject::nodes())
        if (node.subject)
            out.node(node.id, "shape=box, style=bold");
    for (const subject::Node &node : subject::nodes()) {
        if (!node.subject)
            continue;
        const subject::Walk walk = subject::graph().walk(node.id);
        for (const subject::Undecided &each : walk.undecided) {
            out.node(each.node, "shape=box, color=red");
            for (const subject::Hop &hop : each.hops)
                out.edge(hop, ", color=red, style=dotted");
        }
        for (const subject::Step &step : walk.steps) {
            out.node(step.node, step.kind == Kind::accessed ? "shape=box, style=dashed" : "shape=box");
            for (const subject::Hop &hop : step.hops)
                out.edge(hop, step.kind == Kind::accessed ? ", style=dashed" : hop.reversed() ? ", dir=back" : "");
        }
    }
    for (const subject::Joint &each : subject::joints()) {
        const std::string one = dot_string(pg::relation_name(each.table)),
                          other = dot_string(pg::relation_name(each.other));
        // Drawn from one side.
        if (std::tie(one, each.column) <= std::tie(other, each.other_column))
            out.edges.insert(one + " -> " + other + " [label=" + dot_string(each.column + " = " + each.other_column) +
                             ", dir=none, style=bold];");
    }
    return out;
}

/// What joins rows of one subject table with those of each other, and with its own.
std::map<Oid, std::string> joined_with(Oid subject_table) {
    std::map<Oid, std::string> out;
    for (const subject::Joint &each : subject::joints())
        if (each.table == subject_table) {
            std::string &keys = out[each.other];
            keys += (keys.empty() ? "" : "; ") + pg::relation_name(each.table) + "(" + pg::quote(each.column) +
                    ") = " + pg::relation_name(each.other) + "(" + pg::quote(each.other_column) + ")";
        }
    return out;
}

} // namespace

GDPR_FUNCTION(gdpr_data_map_dot) {
    const Drawing drawn = drawing();
    std::string text = "digraph data_map {\n    rankdir=RL;\n    node [fontname=\"sans-serif\"];\n"
                       "    edge [fontname=\"sans-serif\", fontsize=10];\n";
    for (const auto &[name, attributes] : drawn.nodes)
        text += "    " + dot_string(name) + " [" + attributes + "];\n";
    for (const std::string &edge : drawn.edges)
        text += "    " + edge + "\n";
    PG_RETURN_DATUM(pg::text_datum(text + "}\n"));
}

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
        for (const auto &[other, keys] : joined_with(node.id))
            result.add({pg::param_oid(node.id), pg::param_oid(other), pg::param("same_person"), pg::param(keys),
                        pg::param(false), pg::null_param(TEXTOID)});
    }
    PG_RETURN_NULL();
}
