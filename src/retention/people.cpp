#include "retention/people.hpp"

#include "pg/pg.hpp"
#include "restrict/processing.hpp"
#include "retention/withdrawal.hpp"
#include "rights/forget.hpp"

namespace gdpr::retention {

namespace {

constexpr int batch_people = 20;

/// Somebody who asked for it, or claims, keep the person's data as they are.
const std::string restricted_otherwise =
    "EXISTS (SELECT FROM gdpr.restriction AS o WHERE o.subject_table = p.subject_table AND o.key = p.key"
    "   AND o.kind IN ('request', 'hold') AND (o.until IS NULL OR o.until > pg_catalog.now()))";

/// The receipt says until when rows were kept.
const std::string to_finish =
    " FROM gdpr.restriction AS p WHERE p.kind = 'retention'"
    "   AND CASE WHEN p.reason::pg_catalog.text ~ '^kept until \\d{4}-\\d\\d-\\d\\d$'"
    "            THEN pg_catalog.substr(p.reason::pg_catalog.text, 12)::pg_catalog.date < CURRENT_DATE END"
    "   AND NOT " +
    restricted_otherwise;

const std::string withdrawn =
    " FROM gdpr.consent_event AS p WHERE p.purpose = ANY ($1) AND p.key IS NOT NULL"
    "   AND (NOT p.given OR p.until <= pg_catalog.now())"
    "   AND NOT EXISTS (SELECT FROM gdpr.expiry AS x WHERE x.event = p.id)"
    "   AND NOT EXISTS (SELECT FROM gdpr.consent_event AS n WHERE n.subject_table = p.subject_table AND n.key = p.key"
    "         AND n.purpose = p.purpose AND n.id > p.id)"
    "   AND NOT " +
    restricted_otherwise;

struct Person {
    std::int64_t id;
    subject::Subject subject;
    std::string purpose;
};

std::vector<Person> few(const std::string &sql, const std::vector<pg::Param> &params) {
    std::vector<Person> out;
    const pg::OwnerScope scope(pg::gdpr_relation("restriction"));
    pg::Spi spi;
    const pg::Rows rows = spi.run(sql, params);
    for (std::uint64_t row = 0; row < rows.size(); row++)
        out.push_back({rows.number(row, 1), {rows.oid(row, 2), rows.text_or(row, 3)}, rows.text_or(row, 4)});
    return out;
}

std::map<Oid, std::uint64_t> count(const std::string &sql, const std::vector<pg::Param> &params) {
    std::map<Oid, std::uint64_t> out;
    const pg::OwnerScope scope(pg::gdpr_relation("restriction"));
    pg::Spi spi;
    const pg::Rows rows =
        spi.run("SELECT p.subject_table, pg_catalog.count(DISTINCT p.key)" + sql + " GROUP BY 1", params);
    for (std::uint64_t row = 0; row < rows.size(); row++)
        if (pg::relation_exists(rows.oid(row, 1)))
            out[rows.oid(row, 1)] = static_cast<std::uint64_t>(rows.number(row, 2));
    return out;
}

/// Of those, whose bases let a withdrawal erase.
pg::Param purposes_param() {
    std::vector<Datum> names;
    for (const std::string &each : labelled_purposes())
        names.push_back(pg::text_datum(each));
    return pg::param(TEXTARRAYOID, pg::call([&] {
                         return PointerGetDatum(construct_array(names.data(), static_cast<int>(names.size()), TEXTOID,
                                                                -1, false, TYPALIGN_INT));
                     }));
}

void end_retention(const subject::Subject &subject) {
    const pg::OwnerScope scope(pg::gdpr_relation("restriction"));
    pg::Spi spi;
    (void)spi.run("DELETE FROM gdpr.restriction WHERE subject_table = $1 AND key = $2 AND kind = 'retention'",
                  {pg::param_oid(subject.table), pg::param(subject.key)});
}

void mark(const Person &person, std::uint64_t rows) {
    const pg::OwnerScope scope(pg::gdpr_relation("expiry"));
    pg::Spi spi;
    (void)spi.run(
        "INSERT INTO gdpr.expiry (relation, action, ground, rows, event)"
        " VALUES ($1, 'erase after withdrawal', 'consent withdrawn', $2, $3)",
        {pg::param_oid(person.subject.table), pg::param(static_cast<std::int64_t>(rows)), pg::param(person.id)});
}

} // namespace

bool may_pass_over(const pg::Error &error) {
    const int category = ERRCODE_TO_CATEGORY(error.sqlstate());
    return category != ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION) &&
           category != ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES) &&
           category != ERRCODE_TO_CATEGORY(ERRCODE_INTERNAL_ERROR) &&
           category != ERRCODE_TO_CATEGORY(ERRCODE_SYSTEM_ERROR) && error.sqlstate() != ERRCODE_DATA_CORRUPTED;
}

bool forget(const subject::Subject &subject, const std::string &reason) {
    // Nor rows in which a restricted person has a part; a restriction that comes meanwhile is met, too.
    const restriction::Reaching nobody(restriction::Reach::nobody);
    return pg::attempt(may_pass_over,
                       [&] { (void)rights::forget(subject, reason, rights::Forget::because_time_is_over); });
}

bool FinishPass::step(Done &done) {
    const std::vector<Person> people = few("SELECT p.id, p.subject_table, p.key::pg_catalog.text" + to_finish +
                                               " AND p.id > $1 ORDER BY p.id LIMIT " + std::to_string(batch_people),
                                           {pg::param(last_)});
    for (const Person &each : people) {
        last_ = each.id;
        if (!pg::relation_exists(each.subject.table) || !subject::is_subject(each.subject.table))
            continue;
        const bool went = pg::attempt(may_pass_over, [&] {
            // They are restricted because of the duty that is over.
            const restriction::Reaching all(restriction::Reach::all);
            if (rights::forget(each.subject, "retention is over", rights::Forget::because_they_asked).empty())
                end_retention(each.subject);
        });
        if (went)
            done[{each.subject.table, "finish erasure"}]++;
        else
            refused_++;
    }
    return people.size() == batch_people;
}

bool WithdrawalPass::step(Done &done) {
    const std::vector<Person> people =
        few("SELECT p.id, p.subject_table, p.key::pg_catalog.text, p.purpose" + withdrawn +
                " AND p.id > $2 ORDER BY p.id LIMIT " + std::to_string(batch_people),
            {purposes_param(), pg::param(last_)});
    for (const Person &each : people) {
        last_ = each.id;
        if (!pg::relation_exists(each.subject.table) || !subject::is_subject(each.subject.table))
            continue;
        Done here;
        const restriction::Reaching nobody(restriction::Reach::nobody);
        const bool went = pg::attempt(may_pass_over, [&] {
            here.clear();
            if (erase_withdrawn(each.subject, each.purpose, here)) {
                (void)rights::forget(each.subject, "consent was withdrawn", rights::Forget::because_time_is_over);
                here[{each.subject.table, "forget"}]++;
            }
            std::uint64_t rows = 0;
            for (const auto &[what, count] : here)
                rows += count;
            mark(each, rows);
        });
        if (!went) {
            refused_++;
            continue;
        }
        for (const auto &[what, count] : here)
            done[what] += count;
    }
    return people.size() == batch_people;
}

std::map<Oid, std::uint64_t> count_to_finish() { return count(to_finish, {}); }

std::map<Oid, std::uint64_t> count_withdrawn() { return count(withdrawn, {purposes_param()}); }

} // namespace gdpr::retention
