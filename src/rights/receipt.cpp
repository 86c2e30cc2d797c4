#include "rights/receipt.hpp"

#include "journal/journal.hpp"
#include "pg/pg.hpp"

namespace gdpr::rights {

namespace {

pg::Param hash_param(const cipher::Digest &digest) {
    return pg::param_bytes({reinterpret_cast<const char *>(digest.data()), digest.size()});
}

pg::Param hash_param(const subject::Subject &subject) { return hash_param(journal::subject_hash(subject)); }

} // namespace

bool has_receipt(const subject::Subject &subject) {
    const pg::OwnerScope scope(pg::gdpr_relation("erasure"));
    pg::Spi spi;
    // Where nobody was forgotten there may be no key yet, and asking makes none.
    if (!spi.run_again("SELECT EXISTS (SELECT FROM gdpr.erasure)", {}).boolean(0, 1))
        return false;
    return spi
        .run_again("SELECT EXISTS (SELECT FROM gdpr.erasure WHERE subject = $1 AND subject_table = $2)",
                   {hash_param(subject), pg::param_oid(subject.table)})
        .boolean(0, 1);
}

std::int64_t write_receipt(const subject::Subject &subject, const std::optional<std::string> &reason,
                           const std::vector<Line> &lines) {
    std::vector<Datum> relations, actions, counts;
    for (const Line &each : lines) {
        relations.push_back(pg::text_datum(pg::relation_name(each.relation)));
        actions.push_back(pg::text_datum(each.action));
        counts.push_back(Int64GetDatum(static_cast<std::int64_t>(each.rows)));
    }
    const auto array = [](std::vector<Datum> &values, Oid element, Oid type) {
        return pg::param(type, pg::call([&] {
                             int16 length;
                             bool by_value;
                             char align;
                             get_typlenbyvalalign(element, &length, &by_value, &align);
                             return PointerGetDatum(construct_array(values.data(), static_cast<int>(values.size()),
                                                                    element, length, by_value, align));
                         }));
    };
    const pg::OwnerScope scope(pg::gdpr_relation("erasure"));
    pg::Spi spi;
    return spi
        .run_again("INSERT INTO gdpr.erasure (subject_table, subject, reason, actions)"
                   "  SELECT $1, $2, $3, pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object("
                   "    'relation', r, 'action', a, 'rows', n) ORDER BY i)"
                   "    FROM unnest($4, $5, $6) WITH ORDINALITY AS l(r, a, n, i) RETURNING id",
                   {pg::param_oid(subject.table), hash_param(subject), pg::param_or_null(reason),
                    array(relations, TEXTOID, TEXTARRAYOID), array(actions, TEXTOID, TEXTARRAYOID),
                    array(counts, INT8OID, INT8ARRAYOID)})
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
