#include "pg/lookup.hpp"

#include "pg/catalog.hpp"
#include "pg/error.hpp"

namespace gdpr::pg {

namespace {

/// The function behind column = value in a btree family; invalid where the family cannot compare the two. A value of a
/// type that is compared as another (varchar as text) is tried as that one too.
RegProcedure equality(Oid family, Oid column_type, Oid value_type, Oid *subtype) {
    const Oid opclass = GetDefaultOpClass(value_type, BTREE_AM_OID);
    const Oid compared_as = OidIsValid(opclass) ? get_opclass_input_type(opclass) : value_type;
    for (const Oid type : {value_type, compared_as}) {
        const Oid found = get_opfamily_member(family, column_type, type, BTEqualStrategyNumber);
        if (OidIsValid(found)) {
            *subtype = type;
            return get_opcode(found);
        }
    }
    return InvalidOid;
}

IndexScanDesc begin_index_scan(::Relation heap, ::Relation index, Snapshot snapshot, int keys) {
#if PG_VERSION_NUM >= 180000
    return index_beginscan(heap, index, snapshot, nullptr, keys, 0);
#else
    return index_beginscan(heap, index, snapshot, keys, 0);
#endif
}

} // namespace

Lookup::Lookup(Oid relation, const std::vector<AttrNumber> &columns, const std::vector<Oid> &value_types)
    : relation_(relation) {
    if (call([&] { return get_rel_relkind(relation); }) != RELKIND_PARTITIONED_TABLE) {
        heaps_.push_back(plan_heap(relation, columns, value_types));
        return;
    }
    List *all = call([&] { return find_all_inheritors(relation, AccessShareLock, nullptr); });
    ListCell *cell;
    foreach (cell, all) {
        const Oid partition = lfirst_oid(cell);
        if (call([&] { return get_rel_relkind(partition); }) != RELKIND_RELATION)
            continue;
        std::vector<AttrNumber> numbers; // a partition may have its columns in another order
        numbers.reserve(columns.size());
        for (const AttrNumber column : columns)
            numbers.push_back(call([&] { return get_attnum(partition, get_attname(relation, column, false)); }));
        heaps_.push_back(plan_heap(partition, numbers, value_types));
    }
}

Lookup::Heap Lookup::plan_heap(Oid relation, const std::vector<AttrNumber> &columns,
                               const std::vector<Oid> &value_types) const {
    Relation opened(relation, AccessShareLock);
    Heap heap;
    heap.relation = relation;
    for (std::size_t i = 0; i < columns.size(); i++) {
        Form_pg_attribute attribute = TupleDescAttr(opened.descriptor(), columns[i] - 1);
        Condition condition;
        condition.column = columns[i];
        condition.value = i;
        condition.collation = attribute->attcollation;
        call([&] {
            const Oid opclass = GetDefaultOpClass(attribute->atttypid, BTREE_AM_OID);
            if (OidIsValid(opclass))
                condition.equals = equality(get_opclass_family(opclass), get_opclass_input_type(opclass),
                                            value_types[i], &condition.subtype);
        });
        if (!OidIsValid(condition.equals))
            raise(ERRCODE_UNDEFINED_FUNCTION,
                  "column " + quote(NameStr(attribute->attname)) + " of " + relation_name(relation) +
                      " cannot be compared with a value of type " + type_name(value_types[i]));
        heap.conditions.push_back(condition);
    }
    const Oid *found = nullptr;
    int count = 0;
    call([&] {
        List *indexes = RelationGetIndexList(opened.get());
        auto *copy = static_cast<Oid *>(palloc(sizeof(Oid) * (list_length(indexes) + 1)));
        ListCell *cell;
        foreach (cell, indexes)
            copy[count++] = lfirst_oid(cell);
        found = copy;
    });
    std::size_t best = 0;
    for (int i = 0; i < count; i++) {
        Relation index(found[i], AccessShareLock);
        const Form_pg_index form = index.get()->rd_index;
        if (index.get()->rd_rel->relam != BTREE_AM_OID || !form->indisvalid ||
            call([&] { return RelationGetIndexPredicate(index.get()) != NIL; }))
            continue;
        // As many leading keys as have a condition.
        std::vector<Condition> conditions = heap.conditions;
        std::size_t served = 0;
        for (int key = 0; key < form->indnkeyatts; key++, served++) {
            const auto condition = std::find_if(conditions.begin(), conditions.end(), [&](const Condition &each) {
                return each.column == form->indkey.values[key];
            });
            if (condition == conditions.end())
                break;
            const RegProcedure equals = call([&] {
                return equality(index.get()->rd_opfamily[key], index.get()->rd_opcintype[key],
                                value_types[condition->value], &condition->subtype);
            });
            if (!OidIsValid(equals) || index.get()->rd_indcollation[key] != condition->collation)
                break;
            condition->equals = equals;
            condition->index_key = static_cast<AttrNumber>(key + 1);
        }
        if (served > best) {
            best = served;
            heap.index = found[i];
            heap.conditions = std::move(conditions);
        }
    }
    return heap;
}

bool Lookup::indexed() const noexcept {
    return std::all_of(heaps_.begin(), heaps_.end(), [](const Heap &heap) { return OidIsValid(heap.index); });
}

void Lookup::each(const std::vector<std::optional<Datum>> &values, Snapshot snapshot,
                  const std::function<bool(TupleTableSlot *)> &visit) const {
    if (std::find(values.begin(), values.end(), std::nullopt) != values.end())
        return;
    for (const Heap &heap : heaps_)
        if (!scan(heap, values, snapshot, visit))
            return;
}

bool Lookup::scan(const Heap &heap, const std::vector<std::optional<Datum>> &values, Snapshot snapshot,
                  const std::function<bool(TupleTableSlot *)> &visit) {
    // What an error leaves open here, its abort closes.
    Relation table(heap.relation, AccessShareLock);
    TupleTableSlot *slot = call([&] { return table_slot_create(table.get(), nullptr); });
    const auto matches = [&](const Condition &condition) {
        return call([&] {
            bool null;
            const Datum value = slot_getattr(slot, condition.column, &null);
            return !null && DatumGetBool(OidFunctionCall2Coll(condition.equals, condition.collation, value,
                                                              *values[condition.value]));
        });
    };
    bool go_on = true;
    if (OidIsValid(heap.index)) {
        Relation index(heap.index, AccessShareLock);
        std::array<ScanKeyData, INDEX_MAX_KEYS> keys;
        int count = 0;
        for (const Condition &each : heap.conditions)
            if (each.index_key != InvalidAttrNumber)
                call([&] {
                    ScanKeyEntryInitialize(&keys[static_cast<std::size_t>(each.index_key - 1)], 0, each.index_key,
                                           BTEqualStrategyNumber, each.subtype, each.collation, each.equals,
                                           *values[each.value]);
                    count++;
                });
        IndexScanDesc scan = call([&] {
            IndexScanDesc begun = begin_index_scan(table.get(), index.get(), snapshot, count);
            index_rescan(begun, keys.data(), count, nullptr, 0);
            return begun;
        });
        while (go_on && call([&] { return index_getnext_slot(scan, ForwardScanDirection, slot); }))
            if (std::all_of(heap.conditions.begin(), heap.conditions.end(), [&](const Condition &each) {
                    return each.index_key != InvalidAttrNumber || matches(each);
                }))
                go_on = visit(slot);
        call([&] { index_endscan(scan); });
    } else {
        TableScanDesc scan = call([&] { return table_beginscan(table.get(), snapshot, 0, nullptr); });
        while (go_on && call([&] { return table_scan_getnextslot(scan, ForwardScanDirection, slot); }))
            if (std::all_of(heap.conditions.begin(), heap.conditions.end(), matches))
                go_on = visit(slot);
        call([&] { table_endscan(scan); });
    }
    call([&] { ExecDropSingleTupleTableSlot(slot); });
    return go_on;
}

} // namespace gdpr::pg
