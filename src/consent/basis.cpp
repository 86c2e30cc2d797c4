#include "consent/basis.hpp"

#include "audit/audit.hpp"
#include "consent/purpose.hpp"
#include "label/label.hpp"
#include "pg/pg.hpp"
#include "subject/person.hpp"

namespace gdpr::consent {

namespace {

/// Whom a basis is set for: one person, or all of a subject table.
struct Whose {
    subject::Subject subject;
    bool all;

    pg::Param table() const { return pg::param_oid(subject.table); }
    pg::Param key() const { return all ? pg::null_param(TEXTOID) : pg::param(subject.key); }
};

struct Change {
    std::string purpose, former, next; // next: empty where the purpose's own counts again
    std::string note;
};

/// The newest that was set; empty where nothing is.
std::string set_for(const Whose &whose, const std::string &purpose, pg::Spi &spi) {
    const pg::Rows rows = spi.run("SELECT basis FROM gdpr.basis_event WHERE subject_table = $1 AND purpose = $3"
                                  "   AND (scope = 'relation' AND $2 IS NULL OR scope = 'person' AND key = $2)"
                                  " ORDER BY id DESC LIMIT 1",
                                  {whose.table(), whose.key(), pg::param(purpose)});
    return rows.empty() ? std::string() : rows.text_or(0, 1);
}

/// The bases that count, the nearest first.
std::string in_force(const Whose &whose, const std::string &purpose, bool own) {
    const pg::OwnerScope scope(pg::gdpr_relation("basis_event"));
    pg::Spi spi;
    if (std::string basis = own ? set_for(whose, purpose, spi) : std::string(); !basis.empty())
        return basis;
    if (!whose.all)
        if (std::string basis = set_for({whose.subject, true}, purpose, spi); !basis.empty())
            return basis;
    return basis_of_purpose(purpose);
}

/// Columns of special categories of data (Art. 9) that labels give the purpose.
bool has_sensitive_data(const std::string &purpose) {
    const auto among = [&](const std::vector<std::string> &names) {
        return std::find(names.begin(), names.end(), purpose) != names.end();
    };
    for (const Oid relation : label::labelled_relations()) {
        const label::Labels labels = label::of(relation);
        for (const label::LabelledColumn &each : labels.columns)
            if (each.label.data_class == label::ColumnLabel::Class::sensitive &&
                (each.label.purposes.empty() ? labels.table && among(labels.table->purposes)
                                             : among(each.label.purposes)))
                return true;
    }
    return false;
}

/// Consent that was asked stays asked: who said no, or took it back, must not be processed all the same.
bool was_asked(const Whose &whose, const std::string &purpose) {
    const pg::OwnerScope scope(pg::gdpr_relation("consent_event"));
    pg::Spi spi;
    return spi
        .run(std::string("SELECT EXISTS (SELECT FROM gdpr.consent_event WHERE subject_table = $1 AND purpose = $3"
                         "   AND ") +
                 (whose.all ? "$2 IS NULL AND key IS NOT NULL" : "key = $2") + ")",
             {whose.table(), whose.key(), pg::param(purpose)})
        .boolean(0, 1);
}

void refuse_unlawful(const Whose &whose, const Change &change, const std::string &effective) {
    if (change.former == "consent" && effective != "consent" && change.note.empty())
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "a basis is not changed from consent without a note",
                  "People were told that it is for them to decide (Art. 7).", "Say why, as the argument note.");
    if (effective == "legitimate_interests" && effective != change.former && was_asked(whose, change.purpose))
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                  "consent was asked: legitimate interests cannot take its place",
                  "Whoever withdrew or never gave it would be processed all the same (Art. 7(3)).",
                  "Ask again, or process for another purpose that people are told of.");
    const pg::OwnerScope scope(pg::gdpr_relation("purpose"));
    pg::Spi spi;
    const pg::Rows purpose = spi.run("SELECT special_condition IS NOT NULL, balancing_test IS NOT NULL"
                                     "  FROM gdpr.purpose WHERE name = $1",
                                     {pg::param(change.purpose)}, true);
    if (effective == "legitimate_interests" && !purpose.boolean(0, 2) && change.note.empty())
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "legitimate interests need a balancing test",
                  "gdpr.purpose has none for this purpose (Art. 6(1)(f)).",
                  "Record it there as balancing_test, or say it as the argument note.");
    if (effective != "consent" && effective != change.former && !purpose.boolean(0, 1))
        refuse_sensitive_data(change.purpose);
}

std::int64_t record(const Whose &whose, const Change &change) {
    std::int64_t id = 0;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("basis_event"));
        pg::Spi spi;
        id = spi.run("INSERT INTO gdpr.basis_event (scope, subject_table, key, purpose, basis, former, note)"
                     " VALUES ($1, $2, $3, $4, $5::gdpr.lawful_basis, $6::gdpr.lawful_basis, $7) RETURNING id",
                     {pg::param(whose.all ? "relation" : "person"), whose.table(), whose.key(),
                      pg::param(change.purpose), change.next.empty() ? pg::null_param(TEXTOID) : pg::param(change.next),
                      pg::param(change.former), change.note.empty() ? pg::null_param(TEXTOID) : pg::param(change.note)})
                 .number(0, 1);
    }
    const std::string said = change.purpose + ": " + change.former + " to " +
                             (change.next.empty() ? "the purpose's own" : change.next) +
                             (change.note.empty() ? "" : ": " + change.note);
    if (whose.all)
        audit::record_about(whose.subject.table, "set_basis", said);
    else
        audit::record(whose.subject, "set_basis", said);
    return id;
}

std::string word(Datum basis) {
    return pg::call([&] { return DatumGetCString(DirectFunctionCall1(enum_out, basis)); });
}

} // namespace

void refuse_sensitive_data(const std::string &purpose) {
    if (has_sensitive_data(purpose))
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                  "the purpose has special categories of data, and no condition to process them",
                  "Labels give it columns that are sensitive (Art. 9).",
                  "Record the condition of Art. 9(2) as special_condition in gdpr.purpose.");
}

std::string basis_of(const subject::Subject &subject, const std::string &purpose) {
    return in_force({subject, subject.key.empty()}, purpose, true);
}

} // namespace gdpr::consent

using namespace gdpr;

GDPR_FUNCTION(gdpr_set_basis) {
    pg::require_role("gdpr_officer", "set a lawful basis");
    if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
        pg::raise(ERRCODE_NULL_VALUE_NOT_ALLOWED, "subject_table and purpose must not be null");
    consent::Whose whose{{PG_GETARG_OID(0), {}}, PG_ARGISNULL(1)};
    consent::Change change{pg::to_string(PG_GETARG_DATUM(2)), {}, {}, {}};
    if (!PG_ARGISNULL(3))
        change.next = consent::word(PG_GETARG_DATUM(3));
    if (!PG_ARGISNULL(4))
        change.note = pg::to_string(PG_GETARG_DATUM(4));
    consent::lock_purpose(change.purpose, whose.all);
    if (whose.all)
        (void)subject::decided_walk(whose.subject.table);
    else {
        whose.subject = subject::person_argument(fcinfo);
        subject::require_person(whose.subject);
    }
    change.former = consent::in_force(whose, change.purpose, true);
    consent::refuse_unlawful(whose, change,
                             change.next.empty() ? consent::in_force(whose, change.purpose, false) : change.next);
    PG_RETURN_INT64(consent::record(whose, change));
}

GDPR_FUNCTION(gdpr_basis_of) {
    const subject::Subject subject = subject::person_argument(fcinfo);
    const std::string basis = consent::basis_of(subject, pg::to_string(PG_GETARG_DATUM(2)));
    const Oid type = pg::gdpr_type("lawful_basis");
    return pg::call(
        [&] { return DirectFunctionCall2(enum_in, CStringGetDatum(basis.c_str()), ObjectIdGetDatum(type)); });
}
