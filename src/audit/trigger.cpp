// The triggers: one record of every changed row and every TRUNCATE, without a single SQL statement.
#include "audit/actor.hpp"
#include "audit/record.hpp"
#include "audit/row.hpp"
#include "pg/pg.hpp"
#include "subject/owner.hpp"

using namespace gdpr;

namespace {

const TriggerData &trigger_data(FunctionCallInfo fcinfo, const char *function, bool for_row) {
    const auto *data = reinterpret_cast<const TriggerData *>(fcinfo->context);
    if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) ||
        (TRIGGER_FIRED_FOR_ROW(data->tg_event) != 0) != for_row)
        pg::raise(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
                  std::string("gdpr.") + function + "() is called by the audit trigger only", "",
                  "CALL gdpr.apply() makes the trigger where a label asks for it.");
    return *data;
}

/// What happened to a row: one of the two slots is null for INSERT and DELETE.
struct Change {
    const char *operation;
    TupleTableSlot *before;
    TupleTableSlot *after;
};

Change change_of(const TriggerData &data) {
    if (TRIGGER_FIRED_BY_INSERT(data.tg_event))
        return {"INSERT", nullptr, data.tg_trigslot};
    if (TRIGGER_FIRED_BY_DELETE(data.tg_event))
        return {"DELETE", data.tg_trigslot, nullptr};
    return {"UPDATE", data.tg_trigslot, data.tg_newslot};
}

/// Places in the shape's columns.
struct Places {
    int *list;
    int count;

    bool has(int place) const { return std::find(list, list + count, place) != list + count; }
};

/// The columns that an UPDATE really changed, or all.
Places touched(const audit::Shape &shape, const Change &change) {
    return pg::call([&] {
        for (TupleTableSlot *slot : {change.before, change.after})
            if (slot != nullptr)
                slot_getallattrs(slot);
        Places places{static_cast<int *>(palloc(sizeof(int) * static_cast<std::size_t>(shape.count + 1))), 0};
        const bool all = change.before == nullptr || change.after == nullptr;
        for (int place = 0; place < shape.count; place++)
            if (all || !audit::same_value(shape.columns[place], change.before, change.after))
                places.list[places.count++] = place;
        return places;
    });
}

ArrayType *names(const audit::Shape &shape, const Places &places) {
    return pg::call([&] {
        auto *elements = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<std::size_t>(places.count)));
        for (int i = 0; i < places.count; i++)
            elements[i] = CStringGetTextDatum(NameStr(shape.columns[places.list[i]].name));
        return construct_array(elements, places.count, TEXTOID, -1, false, TYPALIGN_INT);
    });
}

/// Everyone the row belonged to or was accessed by before, and now: it is to go out of the log when they are forgotten.
std::vector<subject::Subject> people(Oid relation, const audit::Shape &shape, const Change &change,
                                     const Places &places) {
    if (!shape.in_graph)
        return {};
    std::vector<subject::Subject> now;
    if (change.after != nullptr)
        now = subject::concerned_by(relation, change.after);
    const auto &telling = shape.ownership;
    const bool elsewhere = change.before == nullptr ||
                           std::any_of(telling.begin(), telling.end(), [&](int place) { return places.has(place); });
    if (change.after != nullptr && elsewhere)
        subject::lock_owners(relation, change.after);
    if (change.before == nullptr || (change.after != nullptr && !elsewhere))
        return now;
    for (subject::Subject &each : subject::concerned_by(relation, change.before))
        if (std::find(now.begin(), now.end(), each) == now.end())
            now.push_back(std::move(each));
    return now;
}

} // namespace

GDPR_FUNCTION(gdpr_audit_row) {
    const TriggerData &data = trigger_data(fcinfo, "audit_row", true);
    const std::shared_ptr<const audit::Shape> shape = audit::Shape::of(data.tg_relation);
    const Change change = change_of(data);
    const bool update = change.before != nullptr && change.after != nullptr;
    const Places places = touched(*shape, change);
    if (update && places.count == 0)
        return PointerGetDatum(nullptr);

    audit::Record record;
    record.relation = shape->node;
    record.operation = change.operation;
    record.role = audit::changing_role();
    if (update)
        record.changed = names(*shape, places);
    if (!audit::without_values())
        record.content =
            pg::call([&] { return audit::content(*shape, change.before, change.after, places.list, places.count); });
    audit::write(record, people(RelationGetRelid(data.tg_relation), *shape, change, places));
    return PointerGetDatum(nullptr);
}

GDPR_FUNCTION(gdpr_audit_truncate) {
    const TriggerData &data = trigger_data(fcinfo, "audit_truncate", false);
    const std::shared_ptr<const audit::Shape> shape = audit::Shape::of(data.tg_relation);
    const Oid relation = RelationGetRelid(data.tg_relation);
    audit::Record record;
    record.relation = shape->node;
    record.operation = "TRUNCATE";
    if (relation != shape->node) {
        const std::string note = pg::relation_name(relation);
        record.content = pg::call([&] { return audit::note_content(note); });
    }
    audit::write(record, {});
    return PointerGetDatum(nullptr);
}
