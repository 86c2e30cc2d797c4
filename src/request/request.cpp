// Requests as they come in, and the table's place among what is kept of people.
#include "request/request.hpp"

#include "audit/audit.hpp"
#include "audit/record.hpp"
#include "pg/pg.hpp"
#include "request/record.hpp"
#include "subject/person.hpp"
#include "subject/personal.hpp"

namespace gdpr::request {

namespace {

constexpr std::array kinds{"access",    "rectification",      "erasure",   "restriction", "notification", "portability",
                           "objection", "automated_decision", "withdrawal"};
constexpr std::array ways{"mail", "web", "phone", "letter", "person"};

/// The row went by other means than an erasure: who asked is still to be answered, so an open request keeps where.
constexpr const char *closing = "WITH done AS (UPDATE gdpr.request SET key = NULL,"
                                "       contact = CASE WHEN closed_at IS NULL THEN contact END,"
                                "       details = CASE WHEN closed_at IS NULL THEN details END"
                                "     WHERE id = ANY ($1) RETURNING id, closed_at)"
                                " UPDATE gdpr.request_event AS e SET note = NULL FROM done"
                                "  WHERE e.request = done.id AND done.closed_at IS NOT NULL AND e.note IS NOT NULL";

/// Of whoever is forgotten stays what was asked, when, and what became of it.
constexpr const char *erasing =
    "WITH was AS (SELECT id, kind FROM gdpr.request WHERE id = ANY ($1) AND closed_at IS NULL),"
    " done AS (UPDATE gdpr.request SET key = NULL, contact = NULL, details = NULL,"
    "       state = CASE WHEN closed_at IS NOT NULL THEN state WHEN kind = 'erasure' THEN 'fulfilled' ELSE 'lapsed' END,"
    "       closed_at = coalesce(closed_at, pg_catalog.now()) WHERE id = ANY ($1)),"
    " told AS (INSERT INTO gdpr.request_event (request, event)"
    "       SELECT id, CASE kind WHEN 'erasure' THEN 'fulfilled' ELSE 'lapsed' END FROM was ORDER BY id)"
    " UPDATE gdpr.request_event SET note = NULL WHERE request = ANY ($1) AND note IS NOT NULL";

template <typename Words> bool among(const Words &list, const std::string &word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

template <typename Words> std::string listed(const Words &list) {
    std::string out;
    for (const char *word : list)
        out.append(out.empty() ? "" : ", ").append(word);
    return out;
}

void check(const Opening &opening) {
    if (!among(kinds, opening.kind))
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "there is no such kind of request",
                  "There are " + listed(kinds) + ".");
    if (!among(ways, opening.way))
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "a request does not come this way",
                  "Ways are " + listed(ways) + ".");
    if (opening.received && *opening.received > GetCurrentTimestamp())
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the request would have been received in the future",
                  "The period runs from when it was received.");
    if (!opening.subject && (!opening.contact || opening.contact->find_first_not_of(' ') == std::string::npos))
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the request says neither who asks nor where to answer",
                  "Without subject_table and key, contact is needed.",
                  "Look for the person with gdpr.find(), or write down how to reach them.");
}

/// An open request of the same person for the same thing. What is asked for is in the details, but of rights that
/// need none. Of all rows of the person, save that one of them alone is put right.
std::optional<std::int64_t> original(const Opening &opening, const std::vector<subject::Subject> &person,
                                     const pg::Param &details) {
    if (!opening.subject)
        return std::nullopt;
    const auto [tables, keys] =
        subject::arrays_of(opening.kind == "rectification" ? std::vector{*opening.subject} : person);
    const pg::OwnerScope scope(pg::gdpr_relation("request"));
    pg::Spi spi;
    const pg::Rows rows =
        spi.run("SELECT r.id FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS p (subject_table, key)"
                "  JOIN gdpr.request AS r ON r.subject_table = p.subject_table AND r.key = p.key"
                " WHERE r.kind = $3 AND r.closed_at IS NULL"
                "   AND (r.kind IN ('access', 'erasure', 'restriction', 'notification', 'portability')"
                "        OR r.details::pg_catalog.jsonb IS NOT DISTINCT FROM $4)"
                " ORDER BY r.duplicate_of NULLS FIRST, r.id LIMIT 1",
                {tables, keys, pg::param(opening.kind), details});
    return rows.empty() ? std::nullopt : std::optional(rows.number(0, 1));
}

} // namespace

std::int64_t open(const Opening &opening) {
    check(opening);
    std::vector<subject::Subject> person;
    if (opening.subject) {
        person = lock_asker(*opening.subject);
        subject::require_person(*opening.subject);
    }
    pg::Param details = pg::null_param(JSONBOID);
    if (opening.details)
        details = pg::param(JSONBOID, pg::call([&] {
                                return DirectFunctionCall1(jsonb_in, CStringGetDatum(opening.details->c_str()));
                            }));
    const auto duplicate_of = original(opening, person, details);
    std::int64_t id = 0;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("request"));
        pg::Spi spi;
        id = spi.run("INSERT INTO gdpr.request (kind, subject_table, key, way, contact, details, received_at, due_at,"
                     "    verified_at, duplicate_of)"
                     " SELECT $1, $2, $3, $4, $5, $6, r.at, gdpr.due_date(r.at),"
                     "    CASE WHEN $8 THEN pg_catalog.now() END, $9"
                     "   FROM (SELECT coalesce($7, pg_catalog.now()) AS at) AS r RETURNING id",
                     {pg::param(opening.kind),
                      opening.subject ? pg::param_oid(opening.subject->table) : pg::null_param(REGCLASSOID),
                      opening.subject ? pg::param(opening.subject->key) : pg::null_param(TEXTOID),
                      pg::param(opening.way), pg::param_or_null(opening.contact), details,
                      opening.received ? pg::param(TIMESTAMPTZOID, TimestampTzGetDatum(*opening.received))
                                       : pg::null_param(TIMESTAMPTZOID),
                      pg::param(opening.verified.has_value()),
                      duplicate_of ? pg::param(*duplicate_of) : pg::null_param(INT8OID)})
                 .number(0, 1);
    }
    record_event(id, "received");
    if (opening.verified)
        record_event(id, "verified", opening.verified);
    if (duplicate_of) {
        record_event(id, "duplicate", "of request " + std::to_string(*duplicate_of));
        const long long first = *duplicate_of;
        pg::call([&] {
            ereport(WARNING, (errmsg("this person has an open request for the same"),
                              errdetail("It is request %lld, which answers this one, too.", first)));
        });
    }
    if (opening.subject)
        audit::record(*opening.subject, "open_request", opening.kind + ", request " + std::to_string(id));
    (void)tell(locked(id), "request_received");
    return id;
}

namespace {

void end(const subject::Subject *person, const std::vector<std::int64_t> &ids) {
    std::vector<Datum> values;
    for (const std::int64_t id : ids)
        values.push_back(Int64GetDatum(id));
    const pg::Param array =
        pg::param(INT8ARRAYOID, pg::call([&] {
                      return PointerGetDatum(construct_array(values.data(), static_cast<int>(values.size()), INT8OID, 8,
                                                             FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
                  }));
    const pg::OwnerScope scope(pg::gdpr_relation("request"));
    pg::Spi spi;
    (void)spi.run(person != nullptr && audit::nameless(*person) ? erasing : closing, {array});
}

} // namespace

void init() {
    subject::Personal table{"request"};
    table.end = end;
    subject::keep_of_people(std::move(table));
    init_escalation();
}

} // namespace gdpr::request

using namespace gdpr;

GDPR_FUNCTION(gdpr_open_request) {
    pg::require_role("gdpr_officer", "open a request");
    if (PG_ARGISNULL(0))
        pg::refuse_nulls(fcinfo, {"kind"});
    const auto text = [&](int argument) {
        return PG_ARGISNULL(argument) ? std::nullopt
                                      : std::optional<std::string>(pg::to_string(PG_GETARG_DATUM(argument)));
    };
    request::Opening opening;
    opening.kind = *text(0);
    if (PG_ARGISNULL(1) != PG_ARGISNULL(2))
        pg::raise(ERRCODE_NULL_VALUE_NOT_ALLOWED, "subject_table and key go together",
                  "Both are null where it is not known who asks.");
    if (!PG_ARGISNULL(1)) {
        const pg::OwnerScope scope(PG_GETARG_OID(1)); // the key's type may carry code of the table's owner
        opening.subject = subject::subject(PG_GETARG_OID(1), *text(2));
    }
    if (!PG_ARGISNULL(3)) {
        opening.received = PG_GETARG_TIMESTAMPTZ(3);
        if (TIMESTAMP_NOT_FINITE(*opening.received))
            pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "a request is received at a time");
    }
    opening.way = text(4).value_or("mail");
    opening.contact = text(5);
    if (!PG_ARGISNULL(6)) {
        Jsonb *details = pg::call([&] { return PG_GETARG_JSONB_P(6); });
        if (!JB_ROOT_IS_OBJECT(details))
            pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the details are no object", "",
                      "Like '{\"purpose\": \"newsletter\"}'.");
        opening.details = pg::call([&] { return JsonbToCString(nullptr, &details->root, VARSIZE(details)); });
    }
    PG_RETURN_INT64(request::open(opening));
}
