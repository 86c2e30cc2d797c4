// Restricting a person, and lifting the restriction.
#include "restrict/restriction.hpp"

#include "audit/audit.hpp"
#include "journal/journal.hpp"
#include "mail/outbox.hpp"
#include "pg/pg.hpp"
#include "pg/settings.hpp"
#include "pg/storage.hpp"
#include "restrict/copy.hpp"
#include "restrict/filter.hpp"
#include "restrict/owner_code.hpp"
#include "restrict/planner.hpp"
#include "restrict/processing.hpp"
#include "restrict/set.hpp"
#include "subject/graph.hpp"
#include "subject/joining.hpp"
#include "subject/person.hpp"

namespace gdpr::restriction {

namespace {

void insert(const subject::Subject &subject, std::string_view kind, std::string_view reason, const pg::Param &until) {
    const pg::OwnerScope scope(pg::gdpr_relation("restriction"));
    pg::Spi spi;
    (void)spi.run_again(
        "INSERT INTO gdpr.restriction (subject_table, key, kind, reason, until) VALUES ($1, $2, $3, $4, $5)",
        {pg::param_oid(subject.table), pg::param(subject.key), pg::param(kind), pg::param(reason), until});
}

/// How many there were.
std::uint64_t remove(const subject::Subject &subject, std::string_view kind) {
    const pg::OwnerScope scope(pg::gdpr_relation("restriction"));
    pg::Spi spi;
    return spi
        .run_again("DELETE FROM gdpr.restriction WHERE subject_table = $1 AND key = $2 AND kind = $3",
                   {pg::param_oid(subject.table), pg::param(subject.key), pg::param(kind)})
        .processed();
}

} // namespace

bool exists(const subject::Subject &subject) {
    return subject::visit_row(subject, [](TupleTableSlot *) {});
}

void add(const subject::Subject &subject, std::string_view kind, std::string_view reason) {
    insert(subject, kind, reason, pg::null_param(TIMESTAMPTZOID));
}

void erase(const subject::Subject &subject) {
    const Oid restrictions = pg::gdpr_relation("restriction");
    if (pg::without_pages(restrictions) && pg::without_pages(pg::gdpr_relation("objection")))
        return;
    const pg::OwnerScope scope(restrictions);
    const pg::ByIndexes indexes;
    pg::Spi spi;
    (void)spi.run_again("WITH o AS (DELETE FROM gdpr.objection WHERE subject_table = $1 AND key = $2)"
                        " DELETE FROM gdpr.restriction WHERE subject_table = $1 AND key = $2",
                        {pg::param_oid(subject.table), pg::param(subject.key)});
}

void erase_all(Oid subject_table) {
    const pg::OwnerScope scope(pg::gdpr_relation("restriction"));
    pg::Spi spi;
    for (const char *statement : {"DELETE FROM gdpr.restriction WHERE subject_table = $1",
                                  "DELETE FROM gdpr.objection WHERE subject_table = $1"})
        (void)spi.run(statement, {pg::param_oid(subject_table)});
}

void init() {
    init_processing();
    init_set();
    init_copy();
    init_planner();
    init_filter();
    init_owner_code();
}

} // namespace gdpr::restriction

using namespace gdpr;

namespace {

pg::Param until_argument(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(3))
        return pg::null_param(TIMESTAMPTZOID);
    if (PG_GETARG_TIMESTAMPTZ(3) <= GetCurrentStatementStartTimestamp())
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the restriction would have ended already",
                  "The time it ends at is in the past.", "Give a later time, or none: then unrestrict() ends it.");
    return pg::param(TIMESTAMPTZOID, PG_GETARG_DATUM(3));
}

} // namespace

GDPR_FUNCTION(gdpr_restrict) {
    pg::require_role("gdpr_officer", "restrict the processing of a person");
    pg::refuse_nulls(fcinfo, {"subject_table", "key", "reason"});
    const subject::Subject subject = subject::person_argument(fcinfo);
    const std::string reason = pg::to_string(PG_GETARG_DATUM(2));
    const pg::Param until = until_argument(fcinfo);
    // Refuses where a label must first decide whose rows are: a restriction must not leave any in sight.
    (void)subject::decided_walk(subject.table);
    for (const subject::Subject &each : subject::hold_same_person(subject)) {
        (void)subject::decided_walk(each.table);
        subject::require_person(each); // and locks their row, so that nobody forgets them meanwhile
        (void)journal::intend(journal::Act::restriction, each, "",
                              until.null ? std::nullopt : std::optional(DatumGetTimestampTz(until.value)));
        restriction::insert(each, "request", reason, until);
        (void)mail::tell_recipients(each, "restricted");
        audit::record(each, "restrict", reason);
    }
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_unrestrict) {
    pg::require_role("gdpr_officer", "lift a restriction");
    pg::refuse_nulls(fcinfo, {"subject_table", "key", "reason"});
    const subject::Subject subject = subject::person_argument(fcinfo);
    const std::string reason = pg::to_string(PG_GETARG_DATUM(2));
    std::vector<subject::Subject> lifted;
    for (const subject::Subject &each : subject::lock_same_person(subject))
        if (restriction::remove(each, "request") > 0)
            lifted.push_back(each);
    if (lifted.empty())
        pg::raise(ERRCODE_NO_DATA_FOUND, "no such person of " + pg::relation_name(subject.table) + " is restricted",
                  "Only restrictions that were asked for can be lifted, not what is retained because the law says so.",
                  "Check the key, and gdpr.restriction.");
    // The person first (Art. 18(3)), then whoever received the data (Art. 19).
    mail::tell_person(lifted.front(), "restriction_lifted");
    for (const subject::Subject &each : lifted) {
        (void)journal::intend(journal::Act::restriction_lifted, each);
        (void)mail::tell_recipients(each, "unrestricted");
        audit::record(each, "unrestrict", reason);
    }
    PG_RETURN_VOID();
}
