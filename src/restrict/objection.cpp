// Objections to a purpose (Art. 21) and to automated decisions (Art. 22), and what may be processed.
#include "audit/audit.hpp"
#include "consent/purpose.hpp"
#include "journal/journal.hpp"
#include "mail/outbox.hpp"
#include "pg/pg.hpp"
#include "restrict/processing.hpp"
#include "restrict/restriction.hpp"
#include "restrict/rule.hpp"
#include "restrict/set.hpp"
#include "subject/person.hpp"
#include "subject/same_person.hpp"

using namespace gdpr;

namespace {

/// What an objection is to. The journal has one word for a purpose and for its automated decisions alone.
struct Target {
    std::string purpose;
    bool automated;
};

Target target_argument(FunctionCallInfo fcinfo, int automated) {
    std::string purpose = pg::to_string(PG_GETARG_DATUM(2));
    const std::string_view suffix = restriction::automated_suffix;
    const bool written = purpose.ends_with(suffix);
    if (written)
        purpose.resize(purpose.size() - suffix.size());
    return {std::move(purpose), written || (!PG_ARGISNULL(automated) && PG_GETARG_BOOL(automated))};
}

std::string journalled(const Target &target) {
    return target.automated ? target.purpose + std::string(restriction::automated_suffix) : target.purpose;
}

/// Which are a person's objections in force to a purpose, or to its automated decisions.
const char *const in_force = " WHERE subject_table = $1 AND key = $2 AND purpose = $3 AND automated = $4"
                             " AND overruled_at IS NULL";

std::vector<pg::Param> which(const subject::Subject &subject, const Target &target) {
    return {pg::param_oid(subject.table), pg::param(subject.key), pg::param(target.purpose),
            pg::param(target.automated)};
}

std::int64_t object(const subject::Subject &subject, const Target &target, const pg::Param &reason) {
    const pg::OwnerScope scope(pg::gdpr_relation("objection"));
    pg::Spi spi;
    std::vector<pg::Param> params = which(subject, target);
    const pg::Rows known = spi.run(std::string("SELECT id FROM gdpr.objection") + in_force, params);
    if (!known.empty())
        return known.number(0, 1);
    params.push_back(reason);
    return spi
        .run("INSERT INTO gdpr.objection (subject_table, key, purpose, automated, reason) VALUES ($1, $2, $3, $4, $5)"
             " RETURNING id",
             params)
        .number(0, 1);
}

/// Ends the objection under each of the person's names that has it; which these were. $5, if any, is `ground`.
std::vector<subject::Subject> end(const subject::Subject &subject, const Target &target, const std::string &statement,
                                  const std::optional<std::string> &ground = std::nullopt) {
    std::vector<subject::Subject> ended;
    for (const subject::Subject &each : subject::lock_same_person(subject)) {
        std::vector<pg::Param> params = which(each, target);
        if (ground)
            params.push_back(pg::param(*ground));
        const pg::OwnerScope scope(pg::gdpr_relation("objection"));
        pg::Spi spi;
        if (spi.run(statement + in_force, params).processed() > 0)
            ended.push_back(each);
    }
    if (ended.empty())
        pg::raise(ERRCODE_NO_DATA_FOUND,
                  "no such person of " + pg::relation_name(subject.table) + " objects to this purpose", {},
                  "Check the key, and gdpr.objection.");
    return ended;
}

bool may(const subject::Subject &subject, const restriction::Processing &processing) {
    (void)restriction::refresh_now();
    return restriction::exists(subject) && restriction::permitted(subject, processing);
}

} // namespace

GDPR_FUNCTION(gdpr_record_objection) {
    pg::require_role("gdpr_officer", "record an objection");
    pg::refuse_nulls(fcinfo, {"subject_table", "key", "purpose"});
    const subject::Subject subject = subject::person_argument(fcinfo);
    const Target target = target_argument(fcinfo, 4);
    (void)subject::decided_walk(subject.table);
    const std::vector<subject::Subject> person = subject::lock_same_person(subject);
    for (const subject::Subject &each : person) {
        (void)subject::decided_walk(each.table);
        subject::require_person(each);
    }
    // Neither deleted nor renamed meanwhile: the objection would bind nobody.
    consent::lock_purpose(target.purpose, false);
    const std::string reason = PG_ARGISNULL(3) ? std::string() : pg::to_string(PG_GETARG_DATUM(3));
    std::optional<std::int64_t> id; // of the row that was named
    for (const subject::Subject &each : person) {
        const std::int64_t made =
            object(each, target, PG_ARGISNULL(3) ? pg::null_param(TEXTOID) : pg::param(std::string_view(reason)));
        id = id.value_or(made);
        (void)journal::intend(journal::Act::objection, each, journalled(target));
        audit::record(each, "record_objection", reason.empty() ? target.purpose : target.purpose + ": " + reason);
    }
    PG_RETURN_INT64(*id);
}

GDPR_FUNCTION(gdpr_withdraw_objection) {
    pg::require_role("gdpr_officer", "withdraw an objection");
    pg::refuse_nulls(fcinfo, {"subject_table", "key", "purpose"});
    const subject::Subject subject = subject::person_argument(fcinfo);
    const Target target = target_argument(fcinfo, 3);
    (void)restriction::direct_marketing(target.purpose);
    for (const subject::Subject &each : end(subject, target, "DELETE FROM gdpr.objection")) {
        (void)journal::intend(journal::Act::objection_withdrawn, each, journalled(target));
        audit::record(each, "withdraw_objection", target.purpose);
    }
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_overrule_objection) {
    pg::require_role("gdpr_officer", "overrule an objection");
    pg::refuse_nulls(fcinfo, {"subject_table", "key", "purpose", "ground"});
    const subject::Subject subject = subject::person_argument(fcinfo);
    const Target target{pg::to_string(PG_GETARG_DATUM(2)), false};
    const std::string ground = pg::to_string(PG_GETARG_DATUM(3));
    if (restriction::direct_marketing(target.purpose))
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "nothing overrides an objection to direct marketing",
                  "Art. 21(3) knows no ground for it.", "The person alone withdraws it: gdpr.withdraw_objection().");
    if (ground.find_first_not_of(' ') == std::string::npos)
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the ground is empty",
                  "Only a compelling legitimate ground overrides an objection (Art. 21(1)).", "Say which it is.");
    const std::vector<subject::Subject> overruled =
        end(subject, target, "UPDATE gdpr.objection SET overruled_at = now(), ground = $5, overruled_by = session_user",
            ground);
    mail::tell_person(overruled.front(), "objection_overruled");
    for (const subject::Subject &each : overruled) {
        (void)journal::intend(journal::Act::objection_withdrawn, each, target.purpose);
        audit::record(each, "overrule_objection", target.purpose + ": " + ground);
    }
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_may_process) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
        PG_RETURN_NULL();
    const subject::Subject subject = subject::person_argument(fcinfo);
    restriction::Processing processing;
    if (!PG_ARGISNULL(2))
        processing = restriction::processing_for(pg::to_string(PG_GETARG_DATUM(2)));
    PG_RETURN_BOOL(may(subject, processing));
}

GDPR_FUNCTION(gdpr_may_decide) {
    const subject::Subject subject = subject::person_argument(fcinfo);
    const std::string purpose = pg::to_string(PG_GETARG_DATUM(2));
    PG_RETURN_BOOL(may(subject, restriction::processing_for(purpose)) && restriction::decides_alone(purpose) &&
                   !restriction::contains(subject, purpose + std::string(restriction::automated_suffix)));
}

GDPR_FUNCTION(gdpr_assign_purpose) {
    pg::require_role("gdpr_admin", "tie a role to a purpose");
    pg::refuse_nulls(fcinfo, {"role"});
    const Oid role = PG_GETARG_OID(0);
    const pg::Param who = pg::param(REGROLEOID, ObjectIdGetDatum(role));
    const std::string name = pg::role_name(role);
    std::string purpose;
    if (!PG_ARGISNULL(1)) {
        purpose = pg::to_string(PG_GETARG_DATUM(1));
        (void)restriction::direct_marketing(purpose);
    }
    {
        const pg::OwnerScope scope(pg::gdpr_relation("role_purpose"));
        pg::Spi spi;
        if (purpose.empty())
            (void)spi.run("DELETE FROM gdpr.role_purpose WHERE role = $1", {who});
        else
            (void)spi.run("INSERT INTO gdpr.role_purpose (role, purpose) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                          {who, pg::param(purpose)});
    }
    audit::record_about(pg::gdpr_relation("role_purpose"), "assign_purpose",
                        name + ": " + (purpose.empty() ? "none" : purpose));
    PG_RETURN_VOID();
}
