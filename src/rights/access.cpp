// gdpr.access(subject): everything that is known of a person, and why, from where and since when (Art. 15).
#include "audit/audit.hpp"
#include "pg/pg.hpp"
#include "rights/person.hpp"
#include "rights/rows.hpp"

namespace gdpr::rights {

namespace {

using Step = subject::Step;

/// Relations by name, each with its rows as a JSON array; and what was withheld of them.
struct Told {
    std::map<std::string, std::string> owned, accessed;
    std::map<std::string, std::set<std::string>> withheld;
};

/// A document of type json may hold what jsonb does not take: \\u0000, half a surrogate pair, a number beyond numeric.
/// The answer must not fail for it, so such a document stands there as a string.
std::string document(const std::string &text) {
    const bool taken = pg::attempt(ERRCODE_DATA_EXCEPTION, [&] {
        (void)pg::call([&] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.c_str())); });
    });
    return taken ? text : json_string(text);
}

std::string array_of(Rows &rows) {
    std::vector<std::string> names;
    for (const std::string &name : rows.columns())
        names.push_back(json_string(name) + ": ");
    std::string out = "[";
    (void)rows.each([&](const Cells &values) {
        out += out.size() > 1 ? ", {" : "{";
        for (std::size_t i = 0; i < names.size(); i++) {
            out += (i > 0 ? ", " : "") + names[i];
            out += !values[i] ? "null" : rows.type(i) == JSONOID ? document(*values[i]) : *values[i];
        }
        out += "}";
    });
    return out + "]";
}

Told tell(const subject::Subject &subject) {
    Told told;
    const subject::Collection collection = collect(subject);
    for (const subject::Selection &selection : collection.selections()) {
        const std::string name = pg::relation_name(selection.step.node);
        Rows rows(subject, selection, Rows::Form::json, Rows::Columns::all);
        (selection.step.kind == Step::Kind::accessed ? told.accessed : told.owned)[name] = array_of(rows);
        for (const std::string &column : rows.withheld())
            told.withheld[name].insert(column);
    }
    return told;
}

/// The one JSON value that a query on the extension's tables returns.
std::string one(const std::string &sql, const std::vector<pg::Param> &params = {}) {
    const pg::OwnerScope scope(pg::gdpr_relation("key"));
    const pg::PinnedFormats formats;
    pg::Spi spi;
    return spi.run(sql, params, true).text_or(0, 1, "null");
}

std::string list(const std::string &query, const std::vector<pg::Param> &params = {}) {
    return one("SELECT coalesce(pg_catalog.json_agg(r), '[]') FROM (" + query + ") AS r", params);
}

std::string object_of(const std::map<std::string, std::string> &members) {
    std::string out = "{";
    for (const auto &[name, value] : members)
        out += (out.size() > 1 ? ", " : "") + json_string(name) + ": " + value;
    return out + "}";
}

std::string names_of(const std::set<std::string> &names) {
    std::string out = "[";
    for (const std::string &name : names)
        out += (out.size() > 1 ? ", " : "") + json_string(name);
    return out + "]";
}

std::string answer(const subject::Subject &subject) {
    const Told told = tell(subject);
    const std::vector<pg::Param> who{pg::param_oid(subject.table), pg::param(subject.key)};
    std::map<std::string, std::string> withheld;
    for (const auto &[relation, columns] : told.withheld)
        withheld[relation] = names_of(columns);
    return object_of(
        {{"subject",
          object_of({{"table", json_string(pg::relation_name(subject.table))}, {"key", json_string(subject.key)}})},
         {"data", object_of(told.owned)},
         {"accessed", object_of(told.accessed)},
         {"redacted", object_of(withheld)},
         {"purposes", list("SELECT * FROM gdpr.purpose ORDER BY name")},
         {"consents", list("SELECT DISTINCT ON (e.purpose) e.purpose, e.given, e.at, e.evidence::jsonb AS evidence"
                           "  FROM gdpr.consent_event e WHERE e.subject_table = $1 AND e.key = $2"
                           " ORDER BY e.purpose, e.id DESC",
                           who)},
         {"source", one("SELECT coalesce((SELECT pg_catalog.to_json(r) FROM (SELECT p.kind, p.name, p.address, p.at"
                        "  FROM gdpr.provenance p WHERE p.subject_table = $1 AND p.key = $2 ORDER BY p.at LIMIT 1) r),"
                        "  '{\"kind\": \"before gdpr\"}')",
                        who)},
         {"restrictions", list("SELECT r.kind, r.reason::text AS reason, r.since, r.until FROM gdpr.restriction r"
                               " WHERE r.subject_table = $1 AND r.key = $2"
                               "   AND (r.until IS NULL OR r.until > pg_catalog.now()) ORDER BY r.since, r.id",
                               who)},
         {"generated_at", one("SELECT pg_catalog.to_json(pg_catalog.now())")}});
}

} // namespace

} // namespace gdpr::rights

using namespace gdpr;

GDPR_FUNCTION(gdpr_access) {
    pg::require_role("gdpr_officer", "give access to a person's data");
    pg::make_constraints_immediate();
    const subject::Subject subject = rights::person(PG_GETARG_OID(0), PG_GETARG_DATUM(1));
    std::string text = rights::answer(subject);
    audit::record(subject, "access", "");
    return pg::call([&] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.c_str())); });
}
