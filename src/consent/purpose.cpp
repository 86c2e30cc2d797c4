#include "consent/purpose.hpp"

#include "audit/audit.hpp"
#include "consent/basis.hpp"
#include "consent/records.hpp"
#include "pg/pg.hpp"

namespace gdpr::consent {

namespace {

/// The lawful basis, as its word. `suffix` may lock the row.
std::string basis(const std::string &purpose, const char *suffix, bool read_only) {
    const pg::OwnerScope scope(pg::gdpr_relation("purpose"));
    pg::Spi spi;
    const pg::Rows rows = spi.run(std::string("SELECT basis FROM gdpr.purpose WHERE name = $1") + suffix,
                                  {pg::param(purpose)}, read_only);
    // The purpose is not named: a caller who mixes up the arguments has written the key there.
    if (rows.empty())
        pg::raise(ERRCODE_UNDEFINED_OBJECT, "there is no such purpose", "gdpr.purpose has none of that name.",
                  "An officer adds it: INSERT INTO gdpr.purpose (name, description, basis) VALUES (…).");
    return rows.text_or(0, 1);
}

} // namespace

void require_purpose(const std::string &purpose) { (void)basis(purpose, "", true); }

std::string basis_of_purpose(const std::string &purpose) { return basis(purpose, "", true); }

void lock_purpose(const std::string &purpose, bool alone) {
    (void)basis(purpose, alone ? " FOR NO KEY UPDATE" : " FOR SHARE", false);
}

void require_consent_purpose(const subject::Subject &subject, const std::string &purpose) {
    // Neither renamed nor moved to another basis meanwhile: gdpr.purpose_guard() then sees the event.
    lock_purpose(purpose, false);
    const std::string theirs = basis_of(subject, purpose);
    if (theirs != "consent")
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "purpose \"" + purpose + "\" is not based on consent",
                  "Its lawful basis is " + theirs + ".",
                  "Do not ask for consent where it decides nothing; or change the basis.");
}

namespace {

constexpr const char *columns[] = {"name", "basis", "basis_note", "special_condition", "direct_marketing"};

/// What of a row of gdpr.purpose the guard looks at, as text; empty where it is null.
struct Row {
    std::string name, basis, note, special_condition, direct_marketing;

    Row(::Relation relation, TupleTableSlot *row) {
        std::string *fields[] = {&name, &basis, &note, &special_condition, &direct_marketing};
        for (std::size_t i = 0; i < std::size(columns); i++) {
            const char *column = columns[i];
            const char *text = pg::call([&]() -> const char * {
                bool null, varlena;
                Oid type, output;
                const AttrNumber number = get_attnum(RelationGetRelid(relation), column);
                const Datum value = slot_getattr(row, number, &null);
                if (null)
                    return "";
                type = TupleDescAttr(RelationGetDescr(relation), number - 1)->atttypid;
                getTypeOutputInfo(type, &output, &varlena);
                return OidOutputFunctionCall(output, value);
            });
            *fields[i] = text;
        }
    }
};

bool objected(const std::string &purpose) {
    const pg::OwnerScope scope(pg::gdpr_relation("objection"));
    pg::Spi spi;
    return !spi.run("SELECT FROM gdpr.objection WHERE purpose = $1 AND overruled_at IS NULL LIMIT 1",
                    {pg::param(purpose)})
                .empty();
}

/// Special categories of data need a condition of Art. 9(2). What a superuser inserts may be a restore, which loads
/// tables and labels in any order: gdpr.advice looks at that.
void refuse_unconditional(const Row *before, const Row &after) {
    if (before == nullptr ? superuser()
                          : after.basis == before->basis && after.special_condition == before->special_condition)
        return;
    if (after.basis != "consent" && after.special_condition.empty())
        refuse_sensitive_data(after.name);
}

/// What people agreed to, object to or have a basis for must stay what it was.
void refuse_end(const Row &before) {
    if (has_bases(before.name))
        pg::raise(ERRCODE_FOREIGN_KEY_VIOLATION, "people have a lawful basis of their own for \"" + before.name + "\"",
                  "It can be neither deleted nor renamed while gdpr.basis has them.",
                  "gdpr.set_basis() with a null basis ends them.");
    if (has_events(before.name))
        pg::raise(ERRCODE_FOREIGN_KEY_VIOLATION, "consent to purpose \"" + before.name + "\" was recorded",
                  "It can be neither deleted nor renamed: what people agreed to must stay what it was.",
                  "Add another purpose, and ask for consent to it.");
    if (objected(before.name))
        pg::raise(ERRCODE_FOREIGN_KEY_VIOLATION, "people object to purpose \"" + before.name + "\"",
                  "It can be neither deleted nor renamed: their objections would bind nobody (Art. 21).",
                  "See gdpr.objection.");
}

void refuse_change_of_basis(const Row &before, const Row &after) {
    if (!has_events(before.name))
        return;
    if (after.basis == "legitimate_interests")
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                  "consent to purpose \"" + before.name + "\" was asked: legitimate interests cannot take its place",
                  "Whoever withdrew or never gave it would be processed all the same (Art. 7(3)).",
                  "Add another purpose, and tell people of it.");
    if (before.basis == "consent" && (after.note.empty() || after.note == before.note))
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                  "the basis of purpose \"" + before.name + "\" is not changed from consent without a note",
                  "People were told that it is for them to decide (Art. 7).", "Say why in basis_note, anew.");
}

void record_change_of_basis(const Row &before, const Row &after) {
    {
        const pg::OwnerScope scope(pg::gdpr_relation("basis_event"));
        pg::Spi spi;
        (void)spi.run("INSERT INTO gdpr.basis_event (scope, purpose, basis, former, note)"
                      " VALUES ('purpose', $1, $2::gdpr.lawful_basis, $3::gdpr.lawful_basis, $4)",
                      {pg::param(after.name), pg::param(after.basis), pg::param(before.basis),
                       after.note.empty() ? pg::null_param(TEXTOID) : pg::param(after.note)});
    }
    audit::record_about(pg::gdpr_relation("purpose"), "set_basis",
                        after.name + ": " + before.basis + " to " + after.basis +
                            (after.note.empty() ? "" : ": " + after.note));
}

} // namespace

} // namespace gdpr::consent

using namespace gdpr;

GDPR_FUNCTION(gdpr_purpose_guard) {
    const auto *data = reinterpret_cast<TriggerData *>(fcinfo->context);
    if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event))
        pg::raise(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "gdpr.purpose_guard() was not called as an AFTER trigger");
    if (TRIGGER_FIRED_BY_INSERT(data->tg_event)) {
        consent::refuse_unconditional(nullptr, consent::Row(data->tg_relation, data->tg_trigslot));
        PG_RETURN_POINTER(nullptr);
    }
    const consent::Row before(data->tg_relation, data->tg_trigslot);
    if (TRIGGER_FIRED_BY_DELETE(data->tg_event)) {
        consent::refuse_end(before);
        PG_RETURN_POINTER(nullptr);
    }
    const consent::Row after(data->tg_relation, data->tg_newslot);
    if (after.name != before.name)
        consent::refuse_end(before);
    if (before.direct_marketing == "t" && after.direct_marketing != "t" && consent::objected(before.name))
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                  "people object to purpose \"" + before.name + "\", which is direct marketing",
                  "Nothing overrides such an objection (Art. 21(3)), and it must not become one of another kind.",
                  "Add another purpose for what is no direct marketing.");
    consent::refuse_unconditional(&before, after);
    if (after.basis != before.basis) {
        consent::refuse_change_of_basis(before, after);
        consent::record_change_of_basis(before, after);
    }
    PG_RETURN_POINTER(nullptr);
}
