// Who is restricted stays so by the rows that are stored later: a restriction is of a person, however many rows they
// have.
#include "subject/joining.hpp"
#include "audit/audit.hpp"
#include "journal/journal.hpp"
#include "mail/outbox.hpp"
#include "pg/pg.hpp"
#include "restrict/restriction.hpp"
#include "restrict/set.hpp"
#include "subject/owner.hpp"

namespace gdpr::restriction {

namespace {

using subject::Subject;

/// Of all rows of the person that have not a restriction of the kind, or a shorter one, the longest that any of them
/// has. What the law has us keep of somebody forgotten restricts those rows alone.
constexpr const char *spreading =
    "WITH p AS MATERIALIZED (SELECT * FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS u (t, k)),"
    " r AS MATERIALIZED (SELECT DISTINCT ON (r.kind) r.kind, r.reason, r.until, r.role"
    "        FROM p JOIN gdpr.restriction AS r ON r.subject_table = p.t AND r.key = p.k"
    "       WHERE r.kind IN ('request', 'hold') AND (r.until IS NULL OR r.until > pg_catalog.statement_timestamp())"
    "       ORDER BY r.kind, r.until DESC NULLS FIRST, r.id)"
    " INSERT INTO gdpr.restriction (subject_table, key, kind, reason, until, role)"
    " SELECT p.t, p.k, r.kind, r.reason, r.until, r.role FROM p, r"
    "  WHERE NOT EXISTS (SELECT FROM gdpr.restriction AS own"
    "                     WHERE own.subject_table = p.t AND own.key = p.k AND own.kind = r.kind"
    "                       AND (own.until IS NULL OR own.until >= r.until))"
    " RETURNING subject_table, key::pg_catalog.text, kind, until";

struct Added {
    Subject subject;
    std::string kind;
    std::optional<std::int64_t> until;
};

std::vector<Added> add_to(const std::vector<Subject> &person) {
    const auto [tables, keys] = subject::arrays_of(person);
    const pg::OwnerScope scope(pg::gdpr_relation("restriction"));
    pg::Spi spi;
    const pg::Rows rows = spi.run(spreading, {tables, keys});
    std::vector<Added> added;
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const auto until = rows.datum(row, 4);
        added.push_back({{rows.oid(row, 1), rows.text_or(row, 2)},
                         rows.text_or(row, 3),
                         until ? std::optional<std::int64_t>(DatumGetTimestampTz(*until)) : std::nullopt});
    }
    return added;
}

/// How many of these this transaction sees restricted.
std::size_t seen(const std::vector<Subject> &restricted) {
    const auto [tables, keys] = subject::arrays_of(restricted);
    const pg::OwnerScope scope(pg::gdpr_relation("restriction"));
    pg::Spi spi;
    return static_cast<std::size_t>(
        spi.run("SELECT pg_catalog.count(*) FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS u (t, k)"
                " WHERE EXISTS (SELECT FROM gdpr.restriction WHERE subject_table = u.t AND key = u.k)",
                {tables, keys})
            .number(0, 1));
}

void spread(const Subject &subject, const std::set<Subject> &restricted) {
    const subject::AllRows all;
    const std::vector<Subject> person = subject::hold_same_person(subject);
    // Who was restricted since this transaction's snapshot must not slip through it.
    const bool whole = std::all_of(restricted.begin(), restricted.end(), [&](const Subject &each) {
        return std::find(person.begin(), person.end(), each) != person.end();
    });
    if (!whole || seen({restricted.begin(), restricted.end()}) < restricted.size())
        pg::raise(ERRCODE_T_R_SERIALIZATION_FAILURE, "the person whose row this is was restricted meanwhile", "",
                  "Try again.");
    for (const Added &each : add_to(person)) {
        // As where it was restricted first: none of their rows must stay in sight.
        (void)subject::decided_walk(each.subject.table);
        if (each.kind == "request") {
            (void)journal::intend(journal::Act::restriction, each.subject, "", each.until);
            (void)mail::tell_recipients(each.subject, "restricted");
        }
        audit::record(each.subject, each.kind == "hold" ? "hold" : "restrict", "the same person as one of another row");
    }
}

} // namespace

void join(const TriggerData *trigger) {
    const Oid relation = RelationGetRelid(trigger->tg_relation);
    if (!subject::has_marks(relation))
        return;
    const bool update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
    TupleTableSlot *row = update ? trigger->tg_newslot : trigger->tg_trigslot;
    const pg::TemporaryContext context("gdpr restriction of one person");
    const std::vector<subject::Mark> marks = subject::marks_of(relation, row, update ? trigger->tg_trigslot : nullptr);
    if (marks.empty())
        return;
    for (const subject::Mark &each : marks)
        subject::await(each);
    (void)refresh_now();
    if (!anyone())
        return;
    std::set<Subject> restricted;
    const std::vector<Subject> owners = subject::owners_of(relation, row);
    const auto look = [&](const Subject &each) {
        if (contains(each))
            restricted.insert(each);
    };
    std::for_each(owners.begin(), owners.end(), look);
    for (const subject::Mark &mark : marks)
        for (const Subject &each : subject::bearers_of(mark, [](Oid table) { return anyone_of(table); }))
            look(each);
    if (!restricted.empty())
        for (const Subject &each : owners)
            spread(each, restricted);
}

} // namespace gdpr::restriction
