// gdpr.hold() and gdpr.release().
#include "rights/hold.hpp"

#include "audit/audit.hpp"
#include "pg/pg.hpp"
#include "pg/settings.hpp"
#include "pg/storage.hpp"
#include "restrict/restriction.hpp"
#include "subject/joining.hpp"

namespace gdpr::rights {

namespace {

constexpr const char *kind = "hold"; // of a restriction

std::vector<pg::Param> held(const subject::Subject &subject) {
    return {pg::param_oid(subject.table), pg::param(subject.key), pg::param(kind)};
}

} // namespace

void refuse_held(const subject::Subject &subject) {
    const Oid restrictions = pg::gdpr_relation("restriction");
    if (pg::without_pages(restrictions))
        return;
    const pg::OwnerScope scope(restrictions);
    const pg::ByIndexes indexes;
    pg::Spi spi;
    if (spi.run_again(
               "SELECT EXISTS (SELECT FROM gdpr.restriction WHERE subject_table = $1 AND key = $2 AND kind = $3)",
               held(subject))
            .boolean(0, 1))
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "this person is under a legal hold",
                  "What may be needed to establish, exercise or defend legal claims is not erased (Art. 17(3)(e)).",
                  "When the claims are settled, gdpr.release() ends the hold.");
}

} // namespace gdpr::rights

using namespace gdpr;

GDPR_FUNCTION(gdpr_hold) {
    pg::require_role("gdpr_officer", "put a person under a legal hold");
    const subject::Subject subject = subject::person_argument(fcinfo);
    const std::string reason = pg::to_string(PG_GETARG_DATUM(2));
    (void)subject::decided_walk(subject.table);
    for (const subject::Subject &each : subject::hold_same_person(subject)) {
        (void)subject::decided_walk(each.table);
        subject::require_person(each); // and locks their row, so that nobody forgets them meanwhile
        restriction::add(each, rights::kind, reason);
        audit::record(each, "hold", reason);
    }
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_release) {
    pg::require_role("gdpr_officer", "end a legal hold");
    const subject::Subject subject = subject::person_argument(fcinfo);
    std::vector<subject::Subject> released;
    for (const subject::Subject &each : subject::lock_same_person(subject)) {
        const pg::OwnerScope scope(pg::gdpr_relation("restriction"));
        pg::Spi spi;
        if (spi.run_again("DELETE FROM gdpr.restriction WHERE subject_table = $1 AND key = $2 AND kind = $3",
                          rights::held(each))
                .processed() > 0)
            released.push_back(each);
    }
    if (released.empty())
        pg::raise(ERRCODE_NO_DATA_FOUND, "no such person of " + pg::relation_name(subject.table) + " is held", "",
                  "Check the key, and gdpr.restriction.");
    for (const subject::Subject &each : released)
        audit::record(each, "release", "");
    PG_RETURN_VOID();
}
