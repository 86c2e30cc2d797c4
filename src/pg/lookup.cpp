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

Lookup Lookup::by_indexes(Oid relation, const std::vector<std::pair<Oid, Oid>> &heaps, Oid value_type) {
    Lookup lookup(relation);
    for (const auto &[heap, index] : heaps) {
        const Relation opened(index, AccessShareLock);
        Condition condition;
        condition.index_key = 1;
        condition.collation = opened.get()->rd_indcollation[0];
        condition.equals = call([&] {
            return equality(opened.get()->rd_opfamily[0], opened.get()->rd_opcintype[0], value_type,
                            &condition.subtype);
        });
        if (!OidIsValid(condition.equals))
            raise(ERRCODE_UNDEFINED_FUNCTION,
                  "index " + relation_name(index) + " cannot be searched for a value of type " + type_name(value_type));
        lookup.heaps_.push_back({heap, index, {condition}});
    }
    return lookup;
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

/// One heap, open for as long as it lives. What an error leaves open here, its abort closes.
class Lookup::Search {
  public:
    using Values = std::vector<std::optional<Datum>>;
    using Visit = std::function<bool(TupleTableSlot *)>;

    Search(const Heap &heap, Snapshot snapshot)
        : heap_(heap), snapshot_(snapshot), in_flight_(std::uncaught_exceptions()),
          table_(heap.relation, AccessShareLock),
          slot_(call([&] { return table_slot_create(table_.get(), nullptr); })) {
        if (!OidIsValid(heap.index))
            return;
        index_.emplace(heap.index, AccessShareLock);
        served_ = static_cast<int>(std::count_if(heap.conditions.begin(), heap.conditions.end(),
                                                 [](const Condition &each) { return by_index(each); }));
        scan_ = call([&] { return begin_index_scan(table_.get(), index_->get(), snapshot_, served_); });
    }
    ~Search() {
        if (std::uncaught_exceptions() != in_flight_)
            return;
        if (scan_ != nullptr)
            index_endscan(scan_);
        ExecDropSingleTupleTableSlot(slot_);
    }
    Search(const Search &) = delete;
    Search &operator=(const Search &) = delete;

    /// False as soon as visit is.
    bool each(const Values &values, const Visit &visit) {
        return scan_ != nullptr ? in_index(values, visit) : in_table(values, visit);
    }

  private:
    static bool by_index(const Condition &condition) { return condition.index_key != InvalidAttrNumber; }

    bool matches(const Condition &condition, const Values &values) const {
        return call([&] {
            bool null;
            const Datum value = slot_getattr(slot_, condition.column, &null);
            return !null && DatumGetBool(OidFunctionCall2Coll(condition.equals, condition.collation, value,
                                                              *values[condition.value]));
        });
    }

    bool in_index(const Values &values, const Visit &visit) {
        std::array<ScanKeyData, INDEX_MAX_KEYS> keys;
        for (const Condition &each : heap_.conditions)
            if (by_index(each))
                call([&] {
                    ScanKeyEntryInitialize(&keys[static_cast<std::size_t>(each.index_key - 1)], 0, each.index_key,
                                           BTEqualStrategyNumber, each.subtype, each.collation, each.equals,
                                           *values[each.value]);
                });
        call([&] { index_rescan(scan_, keys.data(), served_, nullptr, 0); });
        bool go_on = true;
        while (go_on && call([&] { return index_getnext_slot(scan_, ForwardScanDirection, slot_); }))
            if (std::all_of(heap_.conditions.begin(), heap_.conditions.end(),
                            [&](const Condition &each) { return by_index(each) || matches(each, values); }))
                go_on = visit(slot_);
        return go_on;
    }

    bool in_table(const Values &values, const Visit &visit) {
        TableScanDesc scan = call([&] { return table_beginscan(table_.get(), snapshot_, 0, nullptr); });
        bool go_on = true;
        while (go_on && call([&] { return table_scan_getnextslot(scan, ForwardScanDirection, slot_); }))
            if (std::all_of(heap_.conditions.begin(), heap_.conditions.end(),
                            [&](const Condition &each) { return matches(each, values); }))
                go_on = visit(slot_);
        call([&] { table_endscan(scan); });
        return go_on;
    }

    const Heap &heap_;
    Snapshot snapshot_;
    int in_flight_;
    Relation table_;
    TupleTableSlot *slot_;
    std::optional<Relation> index_;
    int served_ = 0;
    IndexScanDesc scan_ = nullptr;
};

void Lookup::each(const std::vector<std::optional<Datum>> &values, Snapshot snapshot,
                  const std::function<bool(TupleTableSlot *)> &visit) const {
    if (std::find(values.begin(), values.end(), std::nullopt) != values.end())
        return;
    for (const Heap &heap : heaps_)
        if (!Search(heap, snapshot).each(values, visit))
            return;
}

void Lookup::each_of(const std::vector<Datum> &values, Snapshot snapshot,
                     const std::function<bool(TupleTableSlot *)> &visit) const {
    for (const Heap &heap : heaps_) {
        Search search(heap, snapshot);
        for (const Datum value : values)
            if (!search.each({value}, visit))
                return;
    }
}

} // namespace gdpr::pg
