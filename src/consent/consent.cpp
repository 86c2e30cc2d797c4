// Consent given, withdrawn, asked for.
#include "consent/consent.hpp"

#include "audit/audit.hpp"
#include "consent/consenting.hpp"
#include "consent/evidence.hpp"
#include "consent/purpose.hpp"
#include "consent/records.hpp"
#include "journal/journal.hpp"
#include "pg/pg.hpp"
#include "subject/person.hpp"
#include "subject/same_person.hpp"

namespace gdpr::consent {

namespace {

std::int64_t record(const subject::Subject &subject, const std::string &purpose, bool given, const pg::Param &evidence,
                    const pg::Param &until) {
    (void)journal::intend(given ? journal::Act::consent_given : journal::Act::consent_withdrawn, subject, purpose);
    std::int64_t id = 0;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("consent_event"));
        pg::Spi spi;
        id = spi.run("INSERT INTO gdpr.consent_event (subject_table, key, purpose, given, evidence, at, until,"
                     " wording_sha256)"
                     " SELECT $1, $2, $3, $4, $5, t, CASE WHEN $4 THEN least(t + p.consent_validity, $6) END,"
                     "        pg_catalog.sha256(pg_catalog.convert_to($5::pg_catalog.jsonb ->> 'wording', 'UTF8'))"
                     "   FROM gdpr.purpose AS p, pg_catalog.clock_timestamp() AS t WHERE p.name = $3 RETURNING id",
                     {pg::param_oid(subject.table), pg::param(subject.key), pg::param(purpose), pg::param(given),
                      evidence, until})
                 .number(0, 1);
    }
    audit::record(subject, given ? "give_consent" : "withdraw_consent", purpose);
    return id;
}

} // namespace

void init() {
    init_source();
    init_records();
    init_consenting();
}

} // namespace gdpr::consent

using namespace gdpr;

namespace {

Jsonb *evidence_argument(FunctionCallInfo fcinfo) {
    return pg::call([&] { return PG_GETARG_JSONB_P(3); });
}

} // namespace

GDPR_FUNCTION(gdpr_give_consent) {
    pg::refuse_nulls(fcinfo, {"subject_table", "key", "purpose", "evidence"});
    const subject::Subject subject = subject::person_argument(fcinfo);
    const std::string purpose = pg::to_string(PG_GETARG_DATUM(2));
    Jsonb *evidence = evidence_argument(fcinfo);
    consent::require_consent_purpose(subject, purpose);
    consent::require_evidence(evidence, true);
    const pg::Param until = consent::require_terms(evidence, purpose);
    subject::require_person(subject);
    PG_RETURN_INT64(consent::record(subject, purpose, true, pg::param(JSONBOID, JsonbPGetDatum(evidence)), until));
}

GDPR_FUNCTION(gdpr_withdraw_consent) {
    pg::refuse_nulls(fcinfo, {"subject_table", "key", "purpose"});
    const subject::Subject subject = subject::person_argument(fcinfo);
    const std::string purpose = pg::to_string(PG_GETARG_DATUM(2));
    pg::Param evidence = pg::null_param(JSONBOID);
    if (!PG_ARGISNULL(3)) {
        Jsonb *given = evidence_argument(fcinfo);
        consent::require_evidence(given, false);
        evidence = pg::param(JSONBOID, JsonbPGetDatum(given));
    }
    // Whatever the purpose's basis is now: what was given can be withdrawn.
    consent::require_purpose(purpose);
    std::optional<std::int64_t> event; // the first, of the row that was named where that has one
    for (const subject::Subject &each : subject::lock_same_person(subject)) {
        subject::require_person(each);
        if (!consent::consents(each, purpose))
            continue;
        const std::int64_t made = consent::record(each, purpose, false, evidence, pg::null_param(TIMESTAMPTZOID));
        event = event.value_or(made);
    }
    if (!event)
        PG_RETURN_NULL();
    PG_RETURN_INT64(*event);
}

GDPR_FUNCTION(gdpr_has_consent) {
    const subject::Subject subject = subject::person_argument(fcinfo);
    const std::string purpose = pg::to_string(PG_GETARG_DATUM(2));
    // Withdrawing binds at the next statement, also of a transaction that sees an older state of everything else.
    std::optional<pg::NewestSnapshot> newest;
    if (IsolationUsesXactSnapshot())
        newest.emplace(pg::gdpr_relation("consent_event"));
    Snapshot snapshot = newest ? newest->get() : pg::call([] { return GetActiveSnapshot(); });
    const auto event = consent::newest_event(subject, purpose, snapshot);
    if (!event)
        consent::require_purpose(purpose);
    PG_RETURN_BOOL(event && event->in_force(GetCurrentStatementStartTimestamp()));
}
