// Which keys lead to the person's rows: the catalogs' foreign keys, and those that labels say.
#include "rights/erase_plan.hpp"

#include "pg/pg.hpp"

namespace gdpr::rights {

namespace {

using subject::Hop;
using subject::Step;

/// Foreign keys to the relations that a walk reaches, wherever they are; read once for each state of the graph.
const std::vector<Reference> &foreign_keys(const subject::Collection &collection) {
    static auto *known = new std::map<std::set<Oid>, std::vector<Reference>>;
    static std::uint64_t generation = 0;
    (void)subject::graph();
    if (generation != subject::generation())
        known->clear();
    generation = subject::generation();
    std::set<Oid> subject_tables;
    for (const subject::Subject &each : collection.subjects())
        subject_tables.insert(each.table);
    if (const auto found = known->find(subject_tables); found != known->end())
        return found->second;
    std::string oids;
    for (const Step &step : collection.walk().steps) {
        if (step.kind == Step::Kind::accessed)
            continue;
        List *heirs = pg::call([&] { return find_all_inheritors(step.node, AccessShareLock, nullptr); });
        ListCell *cell;
        foreach (cell, heirs)
            oids += (oids.empty() ? "" : ",") + std::to_string(lfirst_oid(cell));
    }
    const pg::OwnerScope scope(pg::gdpr_relation("key"));
    pg::Spi spi;
    const pg::Rows rows = spi.run(
        "SELECT c.oid, c.conrelid, c.confrelid, c.condeferrable, c.confdeltype::text, a.attname::text, f.attname::text"
        "  FROM pg_catalog.pg_constraint c, unnest(c.conkey, c.confkey) WITH ORDINALITY AS k(own, far, n)"
        "  JOIN pg_catalog.pg_attribute a ON a.attnum = k.own JOIN pg_catalog.pg_attribute f ON f.attnum = k.far"
        " WHERE c.contype = 'f' AND c.conparentid = 0 AND c.confrelid = ANY ($1::oid[])"
        "   AND a.attrelid = c.conrelid AND f.attrelid = c.confrelid ORDER BY c.oid, k.n",
        {pg::param("{" + oids + "}")});
    std::vector<Reference> out;
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        if (out.empty() || out.back().constraint != rows.oid(row, 1)) {
            const Oid child = subject::node_of(rows.oid(row, 2));
            out.push_back({OidIsValid(child) ? child : rows.oid(row, 2),
                           subject::node_of(rows.oid(row, 3)),
                           {},
                           {},
                           rows.oid(row, 1),
                           rows.text_or(row, 5, "a").front(),
                           rows.boolean(row, 4),
                           {}});
        }
        out.back().child_columns.push_back(rows.text_or(row, 6));
        out.back().parent_columns.push_back(rows.text_or(row, 7));
    }
    return known->emplace(std::move(subject_tables), std::move(out)).first->second;
}

} // namespace

/// Foreign keys to the person's relations, and the keys that labels say.
void ErasePlan::read_references() {
    references_ = foreign_keys(collection_);
    for (const subject::Selection &each : collection_.selections())
        for (const Hop &hop : each.step.hops) {
            const subject::Edge &edge = hop.edge;
            if (std::none_of(references_.begin(), references_.end(), [&](const Reference &known) {
                    return known.child == edge.child && known.parent == edge.parent &&
                           known.child_columns == edge.child_columns && known.parent_columns == edge.parent_columns;
                }))
                references_.push_back(
                    {edge.child, edge.parent, edge.child_columns, edge.parent_columns, InvalidOid, 0, false, {}});
        }
    for (Reference &each : references_)
        each.cuts = cuttable(each.child, each.child_columns);
}

} // namespace gdpr::rights
