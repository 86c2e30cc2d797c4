// gdpr.advice: what is wrong or could be better, and the SQL that mends it.
#include "key/provider.hpp"
#include "pg/pg.hpp"
#include "report/checks.hpp"
#include "retention/due.hpp"
#include "subject/graph.hpp"
#include "work/step.hpp"

#include <sys/stat.h>

namespace gdpr::report {

namespace {

struct Advice {
    std::string severity, object, finding, remedy;
};
using Advices = std::vector<Advice>;

void run(const Check &check, Advices &advices) {
    pg::Spi spi;
    const pg::Rows rows = spi.run(check.sql);
    for (std::uint64_t row = 0; row < rows.size(); row++)
        advices.push_back({rows.text_or(row, 1), rows.text_or(row, 2), rows.text_or(row, 3), rows.text_or(row, 4)});
}

/// The columns by which the rights find rows, by relation.
std::set<std::pair<Oid, std::vector<std::string>>> edges() {
    std::set<std::pair<Oid, std::vector<std::string>>> found;
    for (const subject::Node &node : subject::nodes()) {
        if (!node.subject)
            continue;
        const subject::Walk walk = subject::graph().walk(node.id);
        for (const subject::Step &step : walk.steps)
            for (const subject::Hop &hop : step.hops)
                found.emplace(hop.reversed() ? hop.edge.parent : hop.edge.child,
                              hop.reversed() ? hop.edge.parent_columns : hop.edge.child_columns);
    }
    return found;
}

/// Of a relation without an index, every right reads the whole of it.
void check_edges(Advices &advices) {
    for (const auto &[relation, columns] : edges()) {
        std::string list, names;
        for (const std::string &column : columns) {
            list += (list.empty() ? "" : ", ") + pg::quote(column);
            names += (names.empty() ? "" : ", ") + pg::quote_literal(column);
        }
        pg::Spi spi;
        // Any order serves, as long as they come first; a partial index may not have the row.
        const bool indexed =
            spi.run("SELECT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = $1 AND i.indisvalid AND i.indpred IS NULL"
                    "   AND (SELECT array_agg(a.attname::text ORDER BY a.attname::text)"
                    "          FROM unnest((string_to_array(i.indkey::text, ' ')::int2[])[1:" +
                        std::to_string(columns.size()) +
                        "]) AS k JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k)"
                        "     = (SELECT array_agg(n ORDER BY n) FROM unnest(ARRAY[" +
                        names + "]) AS n))",
                    {pg::param_oid(relation)}, true)
                .boolean(0, 1);
        if (!indexed)
            advices.push_back({"warning", pg::relation_name(relation) + " (" + list + ")",
                               "people's rows are found by it, and no index begins with it",
                               "CREATE INDEX ON " + pg::relation_name(relation) + " (" + list + ")"});
    }
}

/// Of a table without an index on the column of its label, every run of gdpr.expire() reads the whole.
void check_expiry(Advices &advices) {
    for (const retention::Term &term : retention::terms()) {
        const std::vector<Oid> leaves = retention::leaves_of(term.relation);
        if (std::all_of(leaves.begin(), leaves.end(), [&](Oid leaf) { return retention::indexed(leaf, term.column); }))
            continue;
        const std::string name = pg::relation_name(term.relation), column = pg::quote(term.column);
        advices.push_back({"warning", name + " (" + column + ")",
                           "by it the rows expire, and no index begins with it: gdpr.expire() reads the whole table",
                           "CREATE INDEX ON " + name + " (" + column + ")"});
    }
}

std::string directory_of(const std::string &path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

/// Whoever gets hold of the disk or of a base backup must not have keys and data together.
void check_keyring(Advices &advices) {
    const std::string path = key::keyring_path();
    const std::string data = DataDir;
    const char *remedy = "ALTER SYSTEM SET gdpr.keyring_file = …; move the file there while the server is down";
    std::string real = path;
    if (char *resolved = realpath(path.c_str(), nullptr)) {
        real = resolved;
        free(resolved);
    }
    std::string real_data = data;
    if (char *resolved = realpath(data.c_str(), nullptr)) {
        real_data = resolved;
        free(resolved);
    }
    struct stat keyring {
    }, cluster{};
    if (real.starts_with(real_data + "/"))
        advices.push_back({"critical", "setting gdpr.keyring_file",
                           "the keyring lies in the data directory, and goes with every base backup", remedy});
    else if (stat(directory_of(real).c_str(), &keyring) == 0 && stat(data.c_str(), &cluster) == 0 &&
             keyring.st_dev == cluster.st_dev)
        advices.push_back({"notice", "setting gdpr.keyring_file",
                           "the keyring lies on the same file system as the data: a stolen disk has both", remedy});
}

int rank(const std::string &severity) { return severity == "critical" ? 0 : severity == "warning" ? 1 : 2; }

} // namespace

} // namespace gdpr::report

using namespace gdpr;

GDPR_FUNCTION(gdpr_advice) {
    if (!pg::is_member_of("gdpr_admin") && !pg::is_member_of("gdpr_auditor"))
        pg::require_role("gdpr_officer", "ask for advice");
    pg::ResultSet result(fcinfo);
    report::Advices advices;
    // One check that fails must not hide what the others find.
    const auto attempt = [&](const char *name, const std::function<void()> &check) {
        if (const auto failure = work::step(check))
            advices.push_back({"warning", std::string("check: ") + name, "it could not be made: " + failure->text,
                               std::string(name) == "drift" ? "SELECT * FROM gdpr.plan()" : ""});
    };
    for (unsigned i = 0; i < report::check_count; i++)
        attempt(report::checks[i].name, [&] { report::run(report::checks[i], advices); });
    attempt("edges without index", [&] { report::check_edges(advices); });
    attempt("expiry without index", [&] { report::check_expiry(advices); });
    attempt("keyring", [&] { report::check_keyring(advices); });
    std::stable_sort(advices.begin(), advices.end(), [](const report::Advice &one, const report::Advice &other) {
        return report::rank(one.severity) < report::rank(other.severity);
    });
    for (const report::Advice &each : advices)
        result.add({pg::param(each.severity), pg::param(each.object), pg::param(each.finding),
                    each.remedy.empty() ? pg::null_param(TEXTOID) : pg::param(each.remedy)});
    PG_RETURN_NULL();
}
