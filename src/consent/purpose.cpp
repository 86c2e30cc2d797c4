#include "consent/purpose.hpp"

#include "consent/records.hpp"
#include "pg/pg.hpp"

namespace gdpr::consent {

namespace {

/// The lawful basis, as its word. `suffix` may lock the row.
std::string basis_of(const std::string &purpose, const char *suffix, bool read_only) {
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

void require_purpose(const std::string &purpose) { (void)basis_of(purpose, "", true); }

void require_consent_purpose(const std::string &purpose) {
    // Locked as a foreign key would: gdpr.purpose_guard() then sees the event.
    const std::string basis = basis_of(purpose, " FOR KEY SHARE", false);
    if (basis != "consent")
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "purpose \"" + purpose + "\" is not based on consent",
                  "Its lawful basis is " + basis + ".",
                  "Do not ask for consent where it decides nothing; or change the purpose's basis.");
}

} // namespace gdpr::consent

using namespace gdpr;

GDPR_FUNCTION(gdpr_purpose_guard) {
    const auto *data = reinterpret_cast<TriggerData *>(fcinfo->context);
    if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event))
        pg::raise(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "gdpr.purpose_guard() was not called as an AFTER trigger");
    constexpr AttrNumber name = 1;
    const auto name_of = [&](TupleTableSlot *row) {
        bool null;
        return pg::to_string(pg::call([&] { return slot_getattr(row, name, &null); }));
    };
    const std::string purpose = name_of(data->tg_trigslot);
    if (TRIGGER_FIRED_BY_UPDATE(data->tg_event) && name_of(data->tg_newslot) == purpose)
        PG_RETURN_POINTER(nullptr);
    if (consent::has_events(purpose))
        pg::raise(ERRCODE_FOREIGN_KEY_VIOLATION, "consent to purpose \"" + purpose + "\" was recorded",
                  "It can be neither deleted nor renamed: what people agreed to must stay what it was.",
                  "Add another purpose, and ask for consent to it.");
    PG_RETURN_POINTER(nullptr);
}
