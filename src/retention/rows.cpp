#include "retention/rows.hpp"

#include "audit/audit.hpp"
#include "label/label.hpp"
#include "pg/pg.hpp"
#include "restrict/processing.hpp"
#include "retention/people.hpp"
#include "subject/graph.hpp"

namespace gdpr::retention {

namespace {

using rights::Where;

constexpr std::int64_t batch_rows = 1000, batch_people = 20;
constexpr std::uint64_t batch_blocks = 4096;
constexpr std::size_t most_passed_over = 10000;

/// What hangs on rows that go: rows that belong to somebody through them go along, first. A row that is kept keeps what
/// it hangs on.
class Dependents {
  public:
    explicit Dependents(Done &done) : done_(done) {}

    /// Those of the rows that something kept hangs on, as a condition over the same parameters, which may grow.
    std::string holding(Oid relation, const std::string &where, std::vector<pg::Param> &params) {
        const Step step(*this, relation);
        std::string held = "false";
        for (const subject::Hop &hop : step.below) {
            std::vector<pg::Param> theirs;
            const std::string reached = below(hop, relation, {where, params}, theirs);
            if (reached == "false")
                continue;
            std::string keeping = kept(hop.owned);
            const std::string further = holding(hop.owned, reached, theirs);
            if (keeping == "false" && further == "false")
                continue;
            keeping = "(" + keeping + ") OR (" + further + ")";
            const std::string mine = rights::one_of(
                relation, hop.edge.parent_columns,
                rights::keys_of(hop.owned, hop.edge.child_columns, {reached + " AND (" + keeping + ")", theirs}),
                params);
            if (mine != "false")
                held = held == "false" ? mine : held + " OR " + mine;
        }
        return held;
    }

    void remove(Oid relation, const Where &where) {
        const Step step(*this, relation);
        for (const subject::Hop &hop : step.below) {
            std::vector<pg::Param> theirs;
            const std::string reached = below(hop, relation, where, theirs);
            if (reached == "false")
                continue;
            remove(hop.owned, {reached, theirs});
            const std::uint64_t rows =
                rights::run_on(hop.owned, "DELETE FROM " + pg::relation_name(hop.owned) + " AS t WHERE " + reached,
                               theirs, "delete rows of");
            if (rows > 0)
                done_[{hop.owned, "delete"}] += rows;
        }
    }

  private:
    /// Keys by which rows of other relations belong to the owners of this one's; no relation twice on one way.
    struct Step {
        Step(Dependents &all, Oid relation) : all_(all) {
            all_.way_.push_back(relation);
            for (const subject::Node &node : subject::nodes())
                if (std::find(all_.way_.begin(), all_.way_.end(), node.id) == all_.way_.end())
                    for (const subject::Hop &hop : subject::graph().owners(node.id))
                        if (hop.owner == relation && !hop.reversed())
                            below.push_back(hop);
        }
        ~Step() { all_.way_.pop_back(); }
        Step(const Step &) = delete;
        Step &operator=(const Step &) = delete;

        Dependents &all_;
        std::vector<subject::Hop> below;
    };

    static std::string below(const subject::Hop &hop, Oid relation, const Where &where,
                             std::vector<pg::Param> &params) {
        const std::string reached = rights::one_of(hop.owned, hop.edge.child_columns,
                                                   rights::keys_of(relation, hop.edge.parent_columns, where), params);
        return reached == "false" || hop.edge.when.empty() ? reached : reached + " AND (" + hop.edge.when + ")";
    }

    Done &done_;
    std::vector<Oid> way_;
};

/// Removes what hangs on rows of a leaf of the graph's relation, and returns the condition of those that may go.
std::string without_dependents(Oid leaf, std::string where, std::vector<pg::Param> &params, Done &done) {
    const Oid node = subject::node_of(leaf);
    const auto of_leaf = [&] {
        return leaf == node ? where : "t.tableoid = " + std::to_string(leaf) + " AND " + where;
    };
    Dependents dependents(done);
    if (const std::string held = dependents.holding(node, of_leaf(), params); held != "false")
        where += " AND " + rights::not_true(held);
    dependents.remove(node, {of_leaf(), params});
    return where;
}

pg::Param places_param(const std::vector<std::string> &places) {
    std::string text = "{";
    for (const std::string &each : places)
        text += (text.size() > 1 ? "," : "") + ("\"" + each + "\"");
    text += "}";
    return pg::call([&] {
        Oid input, element;
        getTypeInputInfo(TIDARRAYOID, &input, &element);
        return pg::Param{TIDARRAYOID, OidInputFunctionCall(input, const_cast<char *>(text.c_str()), element, -1),
                         false};
    });
}

} // namespace

RowPass::RowPass(const Term &term, Oid leaf) : term_(term), leaf_(leaf), indexed_(indexed(leaf, term.column)) {
    if (!indexed_) {
        const pg::Relation opened(leaf, AccessShareLock);
        blocks_ = pg::call([&] { return RelationGetNumberOfBlocks(opened.get()); });
    }
}

/// The places of rows that are due, locked.
std::vector<std::string> RowPass::next_batch(std::int64_t limit) {
    std::vector<std::string> out;
    std::string where = term_.due + " AND " + unrestricted(leaf_);
    if (indexed_)
        where = term_.bound + " AND " + where;
    else {
        const std::uint64_t end = std::min(block_ + batch_blocks, blocks_);
        where = "t.ctid >= '(" + std::to_string(block_) + ",0)' AND t.ctid < '(" + std::to_string(end) + ",0)' AND " +
                where;
    }
    std::vector<pg::Param> params;
    if (!passed_over_.empty()) {
        params.push_back(places_param({passed_over_.begin(), passed_over_.end()}));
        where += " AND t.ctid <> ALL ($1)";
    }
    const restriction::Reaching nobody(restriction::Reach::nobody);
    const pg::OwnerScope scope(leaf_);
    pg::Spi spi;
    const pg::Rows rows =
        spi.run("SELECT t.ctid::pg_catalog.text FROM ONLY " + pg::relation_name(leaf_) + " AS t WHERE " + where +
                    (indexed_ ? " ORDER BY t." + pg::quote(term_.column) : std::string()) + " LIMIT " +
                    std::to_string(limit) + " FOR UPDATE SKIP LOCKED",
                params);
    for (std::uint64_t row = 0; row < rows.size(); row++)
        out.push_back(rows.text_or(row, 1));
    return out;
}

/// Without an index the next pages come when these have no more.
void RowPass::advance(std::size_t found, std::int64_t limit) {
    if (!indexed_ && static_cast<std::int64_t>(found) < limit) {
        block_ = std::min(block_ + batch_blocks, blocks_);
        passed_over_.clear();
    }
}

/// Deletes or blanks some rows, in a subtransaction. False where something forbids it: then nothing was done.
bool RowPass::attempt(const std::vector<std::string> &places, Done &done) {
    Done here;
    const auto act = [&] {
        here.clear();
        std::vector<pg::Param> params{places_param(places)};
        std::string where = "t.ctid = ANY ($1)";
        const restriction::Reaching nobody(restriction::Reach::nobody);
        const audit::Erasing erasing({}); // what goes must not stay in the audit log
        std::uint64_t rows = 0;
        if (term_.blanks.empty()) {
            if (OidIsValid(subject::node_of(leaf_)))
                where = without_dependents(leaf_, where, params, here);
            rows = rights::run_on(leaf_, "DELETE FROM ONLY " + pg::relation_name(leaf_) + " AS t WHERE " + where,
                                  params, "delete rows of");
        } else
            rows = rights::blank(leaf_, term_.blanks, "", where, params);
        if (rows > 0)
            here[{term_.relation, term_.action()}] += rows;
    };
    if (!pg::attempt(may_pass_over, act))
        return false;
    for (const auto &[what, rows] : here)
        done[what] += rows;
    return true;
}

/// Those that are still due: something kept hangs on them, or a trigger of the table's suppresses the change.
void RowPass::pass_over(const std::vector<std::string> &places) {
    const pg::OwnerScope scope(leaf_);
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT t.ctid::pg_catalog.text FROM ONLY " + pg::relation_name(leaf_) +
                                      " AS t WHERE t.ctid = ANY ($1) AND " + term_.due,
                                  {places_param(places)});
    for (std::uint64_t row = 0; row < rows.size(); row++)
        refused_ += passed_over_.insert(rows.text_or(row, 1)).second;
}

/// People are forgotten, one by one.
void RowPass::forget(const std::vector<std::string> &places, Done &done) {
    std::vector<std::string> values;
    std::string list;
    for (const std::string &column : rights::primary_key_of(term_.relation))
        list += (list.empty() ? "t." : ", t.") + pg::quote(column) +
                "::" + pg::type_name(rights::travelling_type(term_.relation, column)) + "::pg_catalog.text";
    for (const std::string &place : places) {
        std::vector<std::optional<std::string>> key;
        {
            const pg::OwnerScope scope(leaf_);
            pg::Spi spi;
            const pg::Rows row =
                spi.run("SELECT " + list + " FROM ONLY " + pg::relation_name(leaf_) + " AS t WHERE t.ctid = ANY ($1)",
                        {places_param({place})});
            for (int column = 1; !row.empty() && column <= row.descriptor()->natts; column++)
                key.push_back(row.text(0, column));
        }
        if (key.empty())
            continue;
        if (retention::forget({term_.relation, subject::key_text(key)}, "retention is over"))
            done[{term_.relation, term_.action()}]++;
    }
}

bool RowPass::step(Done &done) {
    if (!indexed_ && block_ >= blocks_)
        return false;
    const std::int64_t limit = term_.subject ? batch_people : batch_rows;
    const std::vector<std::string> places = next_batch(limit);
    if (!places.empty()) {
        if (term_.subject)
            forget(places, done);
        else if (!attempt(places, done)) // one of them stands in the way: each by itself
            for (const std::string &each : places)
                (void)attempt({each}, done);
        pass_over(places);
    }
    advance(places.size(), limit);
    if (passed_over_.size() > most_passed_over)
        return false;
    return indexed_ ? static_cast<std::int64_t>(places.size()) == limit : block_ < blocks_;
}

std::pair<std::uint64_t, std::uint64_t> count_due(const Term &term, Oid leaf) {
    const std::string seen = unrestricted(leaf);
    const restriction::Reaching nobody(restriction::Reach::nobody);
    const pg::OwnerScope scope(leaf);
    pg::Spi spi;
    const pg::Rows rows = spi.run(
        "SELECT pg_catalog.count(*) FILTER (WHERE s), pg_catalog.count(*) FILTER (WHERE NOT s) FROM (SELECT " + seen +
        " AS s FROM ONLY " + pg::relation_name(leaf) + " AS t WHERE " + term.bound + " AND " + term.due + ") AS d");
    return {static_cast<std::uint64_t>(rows.number(0, 1)), static_cast<std::uint64_t>(rows.number(0, 2))};
}

} // namespace gdpr::retention
