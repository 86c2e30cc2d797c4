#include "rights/statistics.hpp"

#include "pg/pg.hpp"
#include "rights/person.hpp"

namespace gdpr::rights {

namespace {

/// So few rows that reading them costs less than asking for each sample among them.
constexpr std::uint64_t few_rows = 16;

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

/// Within pg::call.
bool equal(const TypeCacheEntry *type, Oid collation, Datum one, Datum other) {
    return DatumGetBool(FunctionCall2Coll(const_cast<FmgrInfo *>(&type->eq_opr_finfo), collation, one, other));
}

/// Can there be statistics of index expressions, or extended ones?
bool derives(::Relation relation) {
    return pg::call([&] {
        if (RelationGetStatExtList(relation) != NIL)
            return true;
        ListCell *cell;
        foreach (cell, RelationGetIndexList(relation)) {
            HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));
            const bool expressions = HeapTupleIsValid(tuple) && !heap_attisnull(tuple, Anum_pg_index_indexprs, nullptr);
            if (HeapTupleIsValid(tuple))
                ReleaseSysCache(tuple);
            if (expressions)
                return true;
        }
        return false;
    });
}

/// Drops statistics of index expressions and extended ones; true where there were any. Only where there are does the
/// next erasure wait for this one.
bool remove_derived(Oid relation) {
    // Until the end of the transaction: an ANALYZE before it would store again what is being erased.
    pg::Relation opened(relation, ShareUpdateExclusiveLock);
    if (!derives(opened.get()))
        return false;
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
        const std::uint64_t departing = rows(Target::Fate::blank) + rows(Target::Fate::remove);
        if (departing == 0)
            continue;
        std::vector<Sampled> columns;
        for (const label::LabelledColumn &column : target.labels.columns)
            if (column.label.data_class != label::ColumnLabel::Class::none || column.label.identifier) {
                relations_.insert(target.relation);
                if (Sampled sampled = samples_of(target.relation, column.name); OidIsValid(sampled.element))
                    columns.push_back(std::move(sampled));
            }
        if (columns.empty())
            continue;
        if (departing <= few_rows)
            look_at_rows(target, columns);
        else
            for (Sampled &each : columns)
                look_for_samples(target, each);
        for (Sampled &each : columns)
            for (Found &found : each.found)
                if (!found.slot.gone.empty())
                    slots_.push_back(std::move(found.slot));
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

/// The samples of a column whose values can be compared; what cannot be taken apart is to go as it is.
Samples::Sampled Samples::samples_of(Oid relation, const std::string &column) {
    Sampled out{column, {}, InvalidOid, {}};
    for (Found &each : slots_of(relation, column)) {
        if (!OidIsValid(each.element)) {
            slots_.push_back(std::move(each.slot));
            continue;
        }
        if (const std::optional<std::string> equals = equality(each.element)) {
            out.element = each.element;
            out.equals = *equals;
            out.found.push_back(std::move(each));
        }
    }
    return out;
}

/// Marks the samples that are this value, which so many of the person's rows have.
void Samples::mark(Sampled &sampled, Datum value, std::int64_t rows) {
    const TypeCacheEntry *type = pg::call([&] { return lookup_type_cache(sampled.element, TYPECACHE_EQ_OPR_FINFO); });
    const Oid collation = pg::call([&] { return get_typcollation(sampled.element); });
    for (Found &each : sampled.found) {
        std::vector<char> same(each.values.size());
        pg::call([&] {
            for (std::size_t i = 0; i < each.values.size(); i++)
                same[i] = equal(type, collation, each.values[i], value);
        });
        for (std::size_t i = 0; i < each.values.size(); i++)
            if (same[i] && (i >= each.frequencies.size() ||
                            !shared(static_cast<double>(each.frequencies[i]) * rows_of(each.slot.relation), rows)))
                each.slot.gone.push_back(static_cast<int>(i));
    }
}

/// Which samples are the person's: the samples sought among the rows.
void Samples::look_for_samples(const Target &target, Sampled &sampled) {
    std::vector<pg::Param> params = target.params;
    std::string condition;
    const std::string column = "t." + pg::quote(sampled.column);
    for (const Found &each : sampled.found) {
        params.push_back(each.array);
        condition += (condition.empty() ? "" : " OR ") + column + " " + sampled.equals + " ANY ($" +
                     std::to_string(params.size()) + ")";
    }
    const pg::OwnerScope scope(target.relation);
    pg::Spi spi;
    const pg::Rows rows = spi.run_again("SELECT " + column + ", pg_catalog.count(*) FROM " + target.name +
                                            " AS t WHERE " + target.departs() + " AND (" + condition + ") GROUP BY 1",
                                        params);
    for (std::uint64_t row = 0; row < rows.size(); row++)
        if (const auto value = rows.datum(row, 1))
            mark(sampled, *value, rows.number(row, 2));
}

/// The same for few rows: their values sought among the samples, of all columns at once.
void Samples::look_at_rows(const Target &target, std::vector<Sampled> &columns) {
    std::string list;
    for (const Sampled &each : columns)
        list += (list.empty() ? "t." : ", t.") + pg::quote(each.column);
    const pg::OwnerScope scope(target.relation);
    pg::Spi spi;
    const pg::Rows rows =
        spi.run_again("SELECT " + list + " FROM " + target.name + " AS t WHERE " + target.departs(), target.params);
    for (std::size_t column = 0; column < columns.size(); column++) {
        const Oid element = columns[column].element;
        const TypeCacheEntry *type = pg::call([&] { return lookup_type_cache(element, TYPECACHE_EQ_OPR_FINFO); });
        const Oid collation = pg::call([&] { return get_typcollation(element); });
        std::vector<std::pair<Datum, std::int64_t>> values;
        for (std::uint64_t row = 0; row < rows.size(); row++) {
            const auto value = rows.datum(row, static_cast<int>(column + 1));
            if (!value)
                continue;
            const auto known = std::find_if(values.begin(), values.end(), [&](const auto &each) {
                return pg::call([&] { return equal(type, collation, each.first, *value); });
            });
            if (known != values.end())
                known->second++;
            else
                values.emplace_back(*value, 1);
        }
        for (const auto &[value, own] : values)
            mark(columns[column], value, own);
    }
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
