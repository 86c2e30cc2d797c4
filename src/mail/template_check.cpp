// The trigger of gdpr.mail_template.
#include "pg/pg.hpp"

using namespace gdpr;

namespace {

constexpr int shipped_column = 6; // as in tables.sql

bool shipped(TriggerData *trigger) {
    return pg::call([&] {
        bool null;
        return DatumGetBool(
            heap_getattr(trigger->tg_trigtuple, shipped_column, RelationGetDescr(trigger->tg_relation), &null));
    });
}

} // namespace

GDPR_FUNCTION(gdpr_mail_template_check) {
    if (!CALLED_AS_TRIGGER(fcinfo))
        pg::raise(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "gdpr.mail_template_check() is a trigger");
    auto *trigger = reinterpret_cast<TriggerData *>(fcinfo->context);
    if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
        return PointerGetDatum(shipped(trigger) && !creating_extension ? nullptr : trigger->tg_trigtuple);
    if (!TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
        return PointerGetDatum(trigger->tg_trigtuple);
    if (shipped(trigger))
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "a shipped mail template does not change", "",
                  "INSERT your own with the same name: it goes before the shipped one until you DELETE it.");
    return PointerGetDatum(trigger->tg_newtuple);
}
