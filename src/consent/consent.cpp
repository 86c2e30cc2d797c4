// Consent given, withdrawn, asked for.
#include "consent/consent.hpp"

#include "audit/audit.hpp"
#include "consent/consenting.hpp"
#include "consent/person.hpp"
#include "consent/purpose.hpp"
#include "consent/records.hpp"
#include "journal/journal.hpp"
#include "pg/pg.hpp"

namespace gdpr::consent {

namespace {

void require_evidence(Jsonb *evidence, bool with_wording) {
    const bool object = JB_ROOT_IS_OBJECT(evidence);
    const bool worded = object && pg::call([&] {
                            JsonbValue found;
                            return getKeyJsonValueFromContainer(&evidence->root, "wording", 7, &found) != nullptr &&
                                   found.type == jbvString && found.val.string.len > 0;
                        });
    if (!object || (with_wording && !worded))
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the evidence proves nothing",
                  with_wording ? "It must be an object that has \"wording\", the text the person agreed to."
                               : "It must be an object.",
                  "Like '{\"wording\": \"I agree to …\", \"source\": \"web form\"}'.");
}

std::int64_t record(const subject::Subject &subject, const std::string &purpose, bool given,
                    const pg::Param &evidence) {
    (void)journal::intend(given ? journal::Act::consent_given : journal::Act::consent_withdrawn, subject, purpose);
    std::int64_t id = 0;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("consent_event"));
        pg::Spi spi;
        id = spi.run("INSERT INTO gdpr.consent_event (subject_table, key, purpose, given, evidence)"
                     " VALUES ($1, $2, $3, $4, $5) RETURNING id",
                     {pg::param_oid(subject.table), pg::param(subject.key), pg::param(purpose), pg::param(given),
                      evidence})
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
    const subject::Subject subject = consent::person_argument(fcinfo);
    const std::string purpose = pg::to_string(PG_GETARG_DATUM(2));
    Jsonb *evidence = evidence_argument(fcinfo);
    consent::require_consent_purpose(purpose);
    consent::require_evidence(evidence, true);
    consent::require_person(subject);
    PG_RETURN_INT64(consent::record(subject, purpose, true, pg::param(JSONBOID, JsonbPGetDatum(evidence))));
}

GDPR_FUNCTION(gdpr_withdraw_consent) {
    pg::refuse_nulls(fcinfo, {"subject_table", "key", "purpose"});
    const subject::Subject subject = consent::person_argument(fcinfo);
    const std::string purpose = pg::to_string(PG_GETARG_DATUM(2));
    pg::Param evidence = pg::null_param(JSONBOID);
    if (!PG_ARGISNULL(3)) {
        Jsonb *given = evidence_argument(fcinfo);
        consent::require_evidence(given, false);
        evidence = pg::param(JSONBOID, JsonbPGetDatum(given));
    }
    // Whatever the purpose's basis is now: what was given can be withdrawn.
    consent::require_purpose(purpose);
    consent::require_person(subject);
    if (!consent::consents(subject, purpose))
        PG_RETURN_NULL();
    PG_RETURN_INT64(consent::record(subject, purpose, false, evidence));
}

GDPR_FUNCTION(gdpr_has_consent) {
    const subject::Subject subject = consent::person_argument(fcinfo);
    const std::string purpose = pg::to_string(PG_GETARG_DATUM(2));
    // Withdrawing binds at the next statement, also of a transaction that sees an older state of everything else.
    std::optional<pg::NewestSnapshot> newest;
    if (IsolationUsesXactSnapshot())
        newest.emplace(pg::gdpr_relation("consent_event"));
    Snapshot snapshot = newest ? newest->get() : pg::call([] { return GetActiveSnapshot(); });
    const auto given = consent::newest_event(subject, purpose, snapshot);
    if (!given)
        consent::require_purpose(purpose);
    PG_RETURN_BOOL(given.value_or(false));
}
