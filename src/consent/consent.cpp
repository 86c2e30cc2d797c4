// Consent given, withdrawn, asked for.
#include "consent/consent.hpp"

#include "audit/audit.hpp"
#include "consent/purpose.hpp"
#include "consent/records.hpp"
#include "encrypted/type.hpp"
#include "pg/pg.hpp"

namespace gdpr::consent {

namespace {

/// Locks the person's row: consent of one person is recorded one after the other, so that the newest event is the
/// last one, and not while somebody deletes the row. False where there is no such person.
bool lock_person(const subject::Subject &subject) {
    const pg::OwnerScope scope(subject.table);
    const std::vector<Datum> values = subject::key_values(subject);
    std::vector<pg::Param> params;
    std::string condition;
    for (const pg::Column &column : pg::primary_key(subject.table)) {
        const Oid plain = pg::call([&] { return encrypted::plain_counterpart(column.type); });
        params.push_back(pg::param(OidIsValid(plain) ? plain : column.type, values[params.size()]));
        condition +=
            (condition.empty() ? "t." : " AND t.") + pg::quote(column.name) + " = $" + std::to_string(params.size());
    }
    pg::Spi spi;
    return !spi.run("SELECT FROM " + pg::relation_name(subject.table) + " t WHERE " + condition + " FOR NO KEY UPDATE",
                    params)
                .empty();
}

void require_person(const subject::Subject &subject) {
    if (!lock_person(subject))
        pg::raise(ERRCODE_NO_DATA_FOUND, "there is no such person in " + pg::relation_name(subject.table), "",
                  "Check the key: it is the primary key's value, a row literal when it has several columns.");
}

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

bool in_force(const subject::Subject &subject, const std::string &purpose) {
    const Newest newest;
    return newest_event(subject, purpose, newest.get()).value_or(false);
}

} // namespace

std::uint64_t erase(const subject::Subject &subject, bool dry_run) {
    const std::uint64_t rows = close(subject, InvalidCommandId, dry_run);
    if (!dry_run)
        pg::call([] { CommandCounterIncrement(); });
    return rows;
}

void init() {
    init_source();
    init_records();
}

} // namespace gdpr::consent

using namespace gdpr;

namespace {

/// The person that the first two arguments name.
subject::Subject person_argument(FunctionCallInfo fcinfo) {
    const Oid table = PG_GETARG_OID(0);
    // The key's type may carry code of the table's owner, such as a domain's CHECK.
    const pg::OwnerScope scope(table);
    return subject::subject(table, pg::to_string(PG_GETARG_DATUM(1)));
}

/// The first arguments of giving and withdrawing: none may be null, nor silently make the call do nothing.
void refuse_nulls(FunctionCallInfo fcinfo, int count) {
    static constexpr std::array names{"subject_table", "key", "purpose", "evidence"};
    for (int i = 0; i < count; i++)
        if (PG_ARGISNULL(i))
            pg::raise(ERRCODE_NULL_VALUE_NOT_ALLOWED,
                      std::string(names[static_cast<std::size_t>(i)]) + " must not be null");
}

Jsonb *evidence_argument(FunctionCallInfo fcinfo) {
    return pg::call([&] { return PG_GETARG_JSONB_P(3); });
}

} // namespace

GDPR_FUNCTION(gdpr_give_consent) {
    refuse_nulls(fcinfo, 4);
    const subject::Subject subject = person_argument(fcinfo);
    const std::string purpose = pg::to_string(PG_GETARG_DATUM(2));
    Jsonb *evidence = evidence_argument(fcinfo);
    consent::require_consent_purpose(purpose);
    consent::require_evidence(evidence, true);
    consent::require_person(subject);
    PG_RETURN_INT64(consent::record(subject, purpose, true, pg::param(JSONBOID, JsonbPGetDatum(evidence))));
}

GDPR_FUNCTION(gdpr_withdraw_consent) {
    refuse_nulls(fcinfo, 3);
    const subject::Subject subject = person_argument(fcinfo);
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
    if (!consent::in_force(subject, purpose))
        PG_RETURN_NULL();
    PG_RETURN_INT64(consent::record(subject, purpose, false, evidence));
}

GDPR_FUNCTION(gdpr_has_consent) {
    const subject::Subject subject = person_argument(fcinfo);
    const std::string purpose = pg::to_string(PG_GETARG_DATUM(2));
    // Withdrawing binds at the next statement, also of a transaction that sees an older state of everything else.
    std::optional<consent::Newest> newest;
    if (IsolationUsesXactSnapshot())
        newest.emplace();
    Snapshot snapshot = newest ? newest->get() : pg::call([] { return GetActiveSnapshot(); });
    const auto given = consent::newest_event(subject, purpose, snapshot);
    if (!given)
        consent::require_purpose(purpose);
    PG_RETURN_BOOL(given.value_or(false));
}
