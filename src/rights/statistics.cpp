#include "rights/statistics.hpp"

#include "pg/pg.hpp"
#include "rights/person.hpp"

namespace gdpr::rights {

namespace {

/// A value that far more rows have than the person's is nobody's in particular.
bool shared(double rows, std::int64_t own) { return rows > 2.0 * static_cast<double>(own) + 10; }

std::vector<Oid> heirs_of(Oid relation) {
    List *all = pg::call([&] { return find_all_inheritors(relation, AccessShareLock, nullptr); });
    std::vector<Oid> out;
    ListCell *cell;
    foreach (cell, all)
        out.push_back(lfirst_oid(cell));
    return out;
}

double rows_of(Oid relation) {
    return pg::call([&] {
        HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
        const double rows = HeapTupleIsValid(tuple) ? reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->reltuples : 0;
        if (HeapTupleIsValid(tuple))
            ReleaseSysCache(tuple);
        return rows;
    });
}

bool equal(const TypeCacheEntry *type, Oid collation, Datum one, Datum other) {
    return pg::call([&] {
        return DatumGetBool(FunctionCall2Coll(const_cast<FmgrInfo *>(&type->eq_opr_finfo), collation, one, other));
    });
}

/// Drops statistics of index expressions and extended ones; true where there were any.
bool remove_derived(Oid relation) {
    pg::Relation opened(relation, ShareUpdateExclusiveLock);
    return pg::call([&] {
        bool found = false;
        ListCell *cell;
        foreach (cell, RelationGetIndexList(opened.get())) {
            const Oid index = lfirst_oid(cell);
            for (AttrNumber number = 1; number <= INDEX_MAX_KEYS; number++)
                if (SearchSysCacheExists3(STATRELATTINH, ObjectIdGetDatum(index), Int16GetDatum(number),
                                          BoolGetDatum(false))) {
                    found = true;
                    RemoveStatistics(index, number);
                }
        }
        foreach (cell, RelationGetStatExtList(opened.get())) {
            found = true;
            for (const bool inherited : {false, true})
                RemoveStatisticsDataById(lfirst_oid(cell), inherited);
        }
        return found;
    });
}

} // namespace

Samples::Samples(const ErasePlan &plan) {
    for (const Target &target : plan.targets()) {
        const auto rows = [&](Target::Fate fate) {
            const auto found = target.rows.find(fate);
            return found == target.rows.end() ? 0 : found->second;
        };
        if (rows(Target::Fate::blank) + rows(Target::Fate::remove) == 0)
            continue;
        for (const label::LabelledColumn &column : target.labels.columns)
            if (column.label.data_class != label::ColumnLabel::Class::none || column.label.identifier) {
                relations_.insert(target.relation);
                look(target, column.name);
            }
    }
}

std::vector<Samples::Found> Samples::slots_of(Oid relation, const std::string &column) {
    std::vector<Found> out;
    for (const Oid heir : heirs_of(relation))
        for (const bool inherited : {false, true}) {
            const AttrNumber number = pg::call([&] { return get_attnum(heir, column.c_str()); });
            HeapTuple tuple = pg::call([&] {
                return SearchSysCacheCopy3(STATRELATTINH, ObjectIdGetDatum(heir), Int16GetDatum(number),
                                           BoolGetDatum(inherited));
            });
            if (!HeapTupleIsValid(tuple))
                continue;
            const auto *form = reinterpret_cast<Form_pg_statistic>(GETSTRUCT(tuple));
            for (int i = 0; i < STATISTIC_NUM_SLOTS; i++) {
                const int16 kind = (&form->stakind1)[i];
                if (kind == 0 || kind == STATISTIC_KIND_CORRELATION)
                    continue;
                Found found{{heir, number, inherited, i, {}}, kind == STATISTIC_KIND_MCV, {}, {}, {}, InvalidOid};
                pg::call([&] {
                    bool null;
                    const Datum values = SysCacheGetAttr(
                        STATRELATTINH, tuple, static_cast<AttrNumber>(Anum_pg_statistic_stavalues1 + i), &null);
                    if (null || (kind != STATISTIC_KIND_MCV && kind != STATISTIC_KIND_HISTOGRAM))
                        return;
                    ArrayType *array = DatumGetArrayTypePCopy(values);
                    found.element = ARR_ELEMTYPE(array);
                    found.array = pg::param(get_array_type(found.element), PointerGetDatum(array));
                });
                if (OidIsValid(found.element)) {
                    pg::call([&] {
                        int16 length;
                        bool by_value;
                        char align;
                        Datum *elements;
                        int count;
                        get_typlenbyvalalign(found.element, &length, &by_value, &align);
                        deconstruct_array(DatumGetArrayTypeP(found.array.value), found.element, length, by_value, align,
                                          &elements, nullptr, &count);
                        found.values.assign(elements, elements + count);
                        bool null;
                        const Datum numbers = SysCacheGetAttr(
                            STATRELATTINH, tuple, static_cast<AttrNumber>(Anum_pg_statistic_stanumbers1 + i), &null);
                        if (found.common && !null) {
                            const auto *first = reinterpret_cast<float4 *>(ARR_DATA_PTR(DatumGetArrayTypeP(numbers)));
                            found.frequencies.assign(first, first + count);
                        }
                    });
                }
                out.push_back(std::move(found));
            }
        }
    return out;
}

/// Which samples are the person's, and how many of their rows have such a value.
void Samples::look(const Target &target, const std::string &column) {
    std::vector<Found> found = slots_of(target.relation, column);
    std::vector<pg::Param> params = target.params;
    std::string sampled;
    Oid element = InvalidOid;
    std::optional<std::string> equals;
    for (const Found &each : found) {
        if (!OidIsValid(each.element)) {
            slots_.push_back(each.slot);
            continue;
        }
        element = each.element;
        equals = equality(element);
        if (!equals)
            continue;
        params.push_back(each.array);
        sampled += (sampled.empty() ? "" : " OR ") + std::string("t.") + pg::quote(column) + " " + *equals + " ANY ($" +
                   std::to_string(params.size()) + ")";
    }
    if (sampled.empty())
        return;
    const TypeCacheEntry *type = pg::call([&] { return lookup_type_cache(element, TYPECACHE_EQ_OPR_FINFO); });
    const Oid collation = pg::call([&] { return get_typcollation(element); });
    const pg::OwnerScope scope(target.relation);
    pg::Spi spi;
    const pg::Rows rows = spi.run_again("SELECT t." + pg::quote(column) + ", pg_catalog.count(*) FROM " + target.name +
                                            " AS t WHERE " + target.departs() + " AND (" + sampled + ") GROUP BY 1",
                                        params);
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const auto value = rows.datum(row, 1);
        for (Found &each : found)
            for (std::size_t i = 0; value && i < each.values.size(); i++) {
                if (!equal(type, collation, each.values[i], *value))
                    continue;
                if (i < each.frequencies.size() &&
                    shared(static_cast<double>(each.frequencies[i]) * rows_of(each.slot.relation), rows.number(row, 2)))
                    continue;
                each.slot.gone.push_back(static_cast<int>(i));
            }
    }
    for (Found &each : found)
        if (!each.slot.gone.empty())
            slots_.push_back(std::move(each.slot));
}

void Samples::take_out(const Slot &slot) {
    pg::Relation opened(slot.relation, ShareUpdateExclusiveLock); // as ANALYZE has it
    pg::Relation catalog(StatisticRelationId, RowExclusiveLock);
    const std::vector<int> &gone = slot.gone;
    const auto stays = [&](int place) { return std::find(gone.begin(), gone.end(), place) == gone.end(); };
    pg::call([&] {
        HeapTuple tuple = SearchSysCacheCopy3(STATRELATTINH, ObjectIdGetDatum(slot.relation),
                                              Int16GetDatum(slot.column), BoolGetDatum(slot.inherited));
        if (!HeapTupleIsValid(tuple))
            return;
        Datum changed[Natts_pg_statistic] = {};
        bool nulls[Natts_pg_statistic] = {}, replaced[Natts_pg_statistic] = {};
        const int kind = Anum_pg_statistic_stakind1 - 1 + slot.number,
                  numbers = Anum_pg_statistic_stanumbers1 - 1 + slot.number,
                  values = Anum_pg_statistic_stavalues1 - 1 + slot.number;
        for (const int each : {numbers, values}) {
            bool null;
            const Datum old = SysCacheGetAttr(STATRELATTINH, tuple, static_cast<AttrNumber>(each + 1), &null);
            nulls[each] = null || gone.empty();
            replaced[each] = true;
            if (nulls[each])
                continue;
            ArrayType *array = DatumGetArrayTypeP(old);
            int16 length;
            bool by_value;
            char align;
            Datum *elements;
            int count, left = 0;
            get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
            deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align, &elements, nullptr, &count);
            for (int i = 0; i < count; i++)
                if (stays(i))
                    elements[left++] = elements[i];
            changed[each] =
                PointerGetDatum(construct_array(elements, left, ARR_ELEMTYPE(array), length, by_value, align));
            if (each == values && left < 2) // a histogram needs two bounds
                nulls[values] = nulls[numbers] = true;
        }
        if (nulls[values]) {
            replaced[kind] = true;
            changed[kind] = Int16GetDatum(0);
        }
        HeapTuple fresh = heap_modify_tuple(tuple, catalog.descriptor(), changed, nulls, replaced);
        CatalogTupleUpdate(catalog.get(), &tuple->t_self, fresh);
        CommandCounterIncrement();
    });
}

void Samples::remove() const {
    for (const Slot &slot : slots_)
        take_out(slot);
    for (const Oid relation : relations_) {
        bool derived = false;
        for (const Oid heir : heirs_of(relation))
            derived = remove_derived(heir) || derived;
        if (derived)
            (void)run_on(relation, "ANALYZE " + pg::relation_name(relation), {}, "analyze");
    }
}

} // namespace gdpr::rights
