// The trigger of gdpr.mail_template.
#include "mail/template.hpp"
#include "pg/pg.hpp"

using namespace gdpr;

namespace {

// As in tables.sql.
constexpr int subject_column = 3, html_column = 5, shipped_column = 6;

void check(HeapTuple row, TupleDesc shape) {
    for (int column = subject_column; column <= html_column; column++) {
        bool null = false;
        const Datum text = pg::call([&] { return heap_getattr(row, column, shape, &null); });
        if (null)
            continue;
        const std::string words = pg::to_string(text);
        if (column == subject_column && words.find_first_of("\r\n") != std::string::npos)
            pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the subject of a mail is one line");
        try {
            const mail::Template parsed(words);
        } catch (const mail::TemplateError &error) {
            pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, error.what(), "",
                      "A merge field is {{name}}, a section {{#name}} … {{/name}}.");
        }
    }
}

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
    const bool update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
    if (update && shipped(trigger))
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "a shipped mail template does not change", "",
                  "INSERT your own with the same name: it goes before the shipped one until you DELETE it.");
    HeapTuple row = update ? trigger->tg_newtuple : trigger->tg_trigtuple;
    check(row, RelationGetDescr(trigger->tg_relation));
    return PointerGetDatum(row);
}
