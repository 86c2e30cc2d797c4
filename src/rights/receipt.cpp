#include "rights/receipt.hpp"

#include "consent/consent.hpp"
#include "journal/journal.hpp"
#include "pg/pg.hpp"
#include "pg/settings.hpp"
#include "pg/storage.hpp"

namespace gdpr::rights {

namespace {

pg::Param hash_param(const cipher::Digest &digest) {
    return pg::param_bytes({reinterpret_cast<const char *>(digest.data()), digest.size()});
}

pg::Param hash_param(const subject::Subject &subject) { return hash_param(journal::subject_hash(subject)); }

/// What was done in which relation, as the receipt's array of objects.
pg::Param actions_of(const std::vector<Line> &lines) {
    StringInfoData json;
    pg::call([&] { initStringInfo(&json); });
    for (const Line &each : lines) {
        const std::string relation = pg::relation_name(each.relation);
        pg::call([&] {
            appendStringInfoString(&json, json.len == 0 ? "[{\"relation\": " : ", {\"relation\": ");
            escape_json(&json, relation.c_str());
            appendStringInfoString(&json, ", \"action\": ");
            escape_json(&json, each.action.c_str());
            appendStringInfo(&json, ", \"rows\": " UINT64_FORMAT "}", each.rows);
        });
    }
    return pg::param(JSONBOID, pg::call([&] {
                         appendStringInfoString(&json, json.len == 0 ? "[]" : "]");
                         return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
                     }));
}

} // namespace

Before erased_before(const subject::Subject &subject) {
    const Oid receipts = pg::gdpr_relation("erasure");
    // Where nobody was forgotten there may be no key yet, and asking makes none.
    if (pg::without_pages(receipts))
        return {};
    const pg::OwnerScope scope(receipts);
    const pg::ByIndexes indexes;
    pg::Spi spi;
    if (!spi.run_again("SELECT EXISTS (SELECT FROM gdpr.erasure)", {}).boolean(0, 1))
        return {};
    const pg::Rows rows = spi.run_again(
        "SELECT pg_catalog.max(person_rows)::bigint, pg_catalog.max(at),"
        " EXISTS (SELECT FROM gdpr.restriction WHERE subject_table = $2 AND key = $3 AND kind = 'retention')"
        " FROM gdpr.erasure WHERE subject = $1 AND subject_table = $2",
        {hash_param(subject), pg::param_oid(subject.table), pg::param(subject.key)});
    const auto at = rows.datum(0, 2);
    return at ? Before{rows.number(0, 1), DatumGetTimestampTz(*at), rows.boolean(0, 3)} : Before{};
}

bool came_later(const subject::Subject &subject, TimestampTz moment) {
    const auto born = consent::known_since(subject);
    return born && *born >= moment;
}

std::int64_t write_receipt(const subject::Subject &subject, const std::optional<std::string> &reason,
                           const std::vector<Line> &lines, std::size_t person_rows) {
    const pg::OwnerScope scope(pg::gdpr_relation("erasure"));
    pg::Spi spi;
    return spi
        .run_again("INSERT INTO gdpr.erasure (subject_table, subject, reason, actions, person_rows)"
                   " VALUES ($1, $2, $3, $4, $5) RETURNING id",
                   {pg::param_oid(subject.table), hash_param(subject), pg::param_or_null(reason), actions_of(lines),
                    pg::param(static_cast<std::int64_t>(person_rows))})
        .number(0, 1);
}

bool restore_receipt(Oid subject_table, const journal::Entry &entry) {
    const pg::OwnerScope scope(pg::gdpr_relation("erasure"));
    pg::Spi spi;
    return spi.run(
                  "INSERT INTO gdpr.erasure (subject_table, subject, at, actions)"
                  " SELECT $1, $2, $3, '[]'"
                  "  WHERE NOT EXISTS (SELECT FROM gdpr.erasure WHERE subject = $2 AND subject_table = $1 AND at = $3)",
                  {pg::param_oid(subject_table), hash_param(entry.subject),
                   pg::param(TIMESTAMPTZOID, TimestampTzGetDatum(entry.at))})
               .processed() > 0;
}

} // namespace gdpr::rights
