// gdpr.breach_scope(): what a breach may have reached, by labels and by the audit log.
#include "breach/breach.hpp"
#include "label/label.hpp"
#include "pg/pg.hpp"
#include "subject/graph.hpp"

namespace gdpr::breach {

namespace {

std::vector<std::string> categories_of(const label::Labels &labels) {
    std::vector<std::string> personal, sensitive;
    for (const label::LabelledColumn &column : labels.columns) {
        if (column.label.data_class == label::ColumnLabel::Class::personal)
            personal.push_back("personal: " + column.name);
        if (column.label.data_class == label::ColumnLabel::Class::sensitive)
            sensitive.push_back("sensitive: " + column.name);
    }
    personal.insert(personal.end(), sensitive.begin(), sensitive.end());
    return personal;
}

/// Every relation with people's data, whatever happened to it.
std::map<std::string, Scope> relations() {
    std::map<std::string, Scope> found;
    const auto add = [&](Oid relation) {
        const label::Labels labels = label::of(relation);
        Scope scope;
        scope.relation = relation;
        scope.categories = categories_of(labels);
        // No trigger sees who reads, so what was read is not known of any relation. Nor is what was changed, where
        // changes are not recorded.
        if (!labels.table || labels.table->audit != label::TableLabel::Audit::off)
            scope.records = scope.subjects = 0;
        found.emplace(pg::relation_name(relation), std::move(scope));
    };
    for (const subject::Node &node : subject::nodes())
        add(node.id);
    for (const Oid relation : label::labelled_relations())
        if (!found.contains(pg::relation_name(relation)))
            add(relation);
    return found;
}

std::set<Oid> chosen(const Breach &breach) {
    std::set<Oid> out;
    if (breach.relations.null)
        return out;
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT pg_catalog.unnest($1)", {breach.relations}, true);
    for (std::uint64_t row = 0; row < rows.size(); row++)
        out.insert(rows.oid(row, 1));
    return out;
}

} // namespace

std::string window(const Breach &breach, std::vector<pg::Param> &params) {
    const auto next = [&](const pg::Param &param) {
        params.push_back(param);
        return "$" + std::to_string(params.size());
    };
    const std::string period = next(breach.period);
    // What is recorded of gdpr's own tables is about nobody. Bounds apart, so that the index of the times serves.
    std::string condition = "r.at >= coalesce(pg_catalog.lower(" + period +
                            "), '-infinity') AND r.at <= coalesce("
                            "pg_catalog.upper(" +
                            period + "), 'infinity') AND r.at <@ " + period +
                            " AND r.relation NOT IN (SELECT c.oid::pg_catalog.regclass FROM pg_catalog.pg_class AS c"
                            "     WHERE c.relnamespace = 'gdpr'::pg_catalog.regnamespace)";
    if (breach.suspect)
        condition += " AND " + next(pg::param(*breach.suspect)) +
                     " IN (r.session_role::pg_catalog.text, r.role::pg_catalog.text)";
    if (breach.address)
        condition += " AND r.address <<= " + next(pg::param(*breach.address)) + "::pg_catalog.inet";
    if (!breach.relations.null)
        condition += " AND r.relation = ANY (" + next(breach.relations) + ")";
    return condition;
}

std::vector<Scope> scope_of(const Breach &breach) {
    std::map<std::string, Scope> all = relations();
    const std::set<Oid> only = chosen(breach);
    if (!only.empty())
        std::erase_if(all, [&](const auto &each) { return !only.contains(each.second.relation); });

    std::vector<pg::Param> params;
    const std::string condition = window(breach, params);
    Scope total;
    total.records = total.subjects = 0;
    const pg::OwnerScope owner(pg::gdpr_relation("audit_record"));
    pg::Spi spi;
    const auto count = [&](const std::string &sql, std::optional<std::int64_t> Scope::*member) {
        const pg::Rows rows = spi.run(sql, params, true);
        for (std::uint64_t row = 0; row < rows.size(); row++) {
            if (!rows.datum(row, 1)) {
                total.*member = rows.number(row, 2);
                continue;
            }
            for (auto &[name, scope] : all)
                if (scope.relation == rows.oid(row, 1))
                    scope.*member = rows.number(row, 2);
        }
    };
    count("SELECT r.relation, pg_catalog.count(DISTINCT r.id) FROM gdpr.audit_record AS r WHERE " + condition +
              " GROUP BY GROUPING SETS ((r.relation), ())",
          &Scope::records);
    const std::string people = " FROM gdpr.audit_record AS r WHERE r.key IS NOT NULL AND " + condition;
    count("SELECT p.relation, pg_catalog.count(*) FROM (SELECT DISTINCT r.relation, r.subject_table, r.key" + people +
              ") AS p GROUP BY p.relation",
          &Scope::subjects);
    count("SELECT NULL::pg_catalog.regclass, pg_catalog.count(*) FROM (SELECT DISTINCT r.subject_table, r.key" +
              people + ") AS p",
          &Scope::subjects);

    std::vector<Scope> out;
    std::set<std::string> categories;
    for (auto &[name, scope] : all) {
        for (const std::string &category : scope.categories) {
            const std::size_t colon = category.find(": ");
            categories.insert(category.substr(0, colon + 2) + name + "." + category.substr(colon + 2));
        }
        out.push_back(std::move(scope));
    }
    total.categories.assign(categories.begin(), categories.end());
    out.push_back(std::move(total));
    return out;
}

} // namespace gdpr::breach

using namespace gdpr;

GDPR_FUNCTION(gdpr_breach_scope) {
    if (!pg::is_member_of("gdpr_auditor"))
        pg::require_role("gdpr_officer", "see what a breach reached");
    pg::refuse_nulls(fcinfo, {"id"});
    pg::ResultSet result(fcinfo);
    const auto number = [](const std::optional<std::int64_t> &value) {
        return value ? pg::param(*value) : pg::null_param(INT8OID);
    };
    const pg::Param of_reads = pg::param("unknown"); // nothing records who reads
    for (const breach::Scope &each : breach::scope_of(breach::breach(PG_GETARG_INT64(0), false))) {
        std::vector<Datum> categories;
        for (const std::string &category : each.categories)
            categories.push_back(pg::text_datum(category));
        const Datum array = pg::call([&] {
            return PointerGetDatum(construct_array(categories.data(), static_cast<int>(categories.size()), TEXTOID, -1,
                                                   false, TYPALIGN_INT));
        });
        result.add({OidIsValid(each.relation) ? pg::param_oid(each.relation) : pg::null_param(REGCLASSOID),
                    pg::param(TEXTARRAYOID, array), of_reads, number(each.subjects), of_reads, number(each.records)});
    }
    PG_RETURN_NULL();
}
