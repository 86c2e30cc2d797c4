#include "label/label.hpp"

#include "label/reach.hpp"
#include "pg/pg.hpp"

namespace gdpr::label {

namespace {

constexpr const char *provider = "gdpr";

struct Entry {
    Labels labels;
    bool valid = false;
};

// Invalidation only marks: it may not look anything up, allocate, or pull the ground from under a reader.
std::map<Oid, Entry> *cache = nullptr;

void relation_changed(Oid relation) {
    if (cache == nullptr)
        return;
    for (auto &[id, entry] : *cache)
        if (relation == InvalidOid || id == relation || entry.labels.labelled == relation)
            entry.valid = false;
}

[[noreturn]] void raise(const GrammarError &error) {
    pg::raise(ERRCODE_SYNTAX_ERROR, error.message, error.detail, error.hint);
}

TableLabel table_label(std::string_view text) {
    try {
        return parse_table(text);
    } catch (const GrammarError &error) {
        raise(error);
    }
}

ColumnLabel column_label(std::string_view text) {
    try {
        return parse_column(text);
    } catch (const GrammarError &error) {
        raise(error);
    }
}

/// Visits our labels of one relation (or of all, when it is InvalidOid): visit(relation, column, text).
template <typename Visit> void for_each_label(Oid relation, Visit visit) {
    pg::Relation catalog(SecLabelRelationId, AccessShareLock);
    const bool one = OidIsValid(relation);
    SysScanDesc scan = pg::call([&] {
        ScanKeyData keys[2];
        ScanKeyInit(&keys[0], Anum_pg_seclabel_objoid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
        ScanKeyInit(&keys[1], Anum_pg_seclabel_classoid, BTEqualStrategyNumber, F_OIDEQ,
                    ObjectIdGetDatum(RelationRelationId));
        return systable_beginscan(catalog.get(), SecLabelObjectIndexId, one, nullptr, one ? 2 : 0, keys);
    });
    while (HeapTuple tuple = pg::call([&] { return systable_getnext(scan); })) {
        const auto *row = reinterpret_cast<FormData_pg_seclabel *>(GETSTRUCT(tuple));
        if (row->classoid != RelationRelationId)
            continue;
        const auto field = [&](AttrNumber number) {
            return pg::call([&] {
                bool null;
                return heap_getattr(tuple, number, catalog.descriptor(), &null);
            });
        };
        if (pg::to_string(field(Anum_pg_seclabel_provider)) == provider)
            visit(row->objoid, static_cast<AttrNumber>(row->objsubid), pg::to_string(field(Anum_pg_seclabel_label)));
    }
    pg::call([&] { systable_endscan(scan); });
}

Labels read(Oid relation) {
    Labels labels;
    for_each_label(relation, [&](Oid, AttrNumber column, const std::string &text) {
        labels.labelled = relation;
        if (column == 0)
            labels.table = table_label(text);
        else
            labels.columns.push_back({column, "", column_label(text)});
    });
    for (LabelledColumn &each : labels.columns)
        each.name = pg::call([&] { return get_attname(relation, each.number, false); });
    std::sort(labels.columns.begin(), labels.columns.end(),
              [](const auto &one, const auto &other) { return one.number < other.number; });
    return labels;
}

Labels inherited(Oid relation) {
    const Oid parent = pg::parent_of(relation);
    if (!OidIsValid(parent))
        return {};
    Labels labels = of(parent);
    // A child may have its columns in another order.
    for (LabelledColumn &each : labels.columns)
        each.number = pg::call([&] { return get_attnum(relation, each.name.c_str()); });
    return labels;
}

void check_kind(const ObjectAddress *object) {
    if (object->classId != RelationRelationId)
        pg::raise(ERRCODE_WRONG_OBJECT_TYPE, "gdpr labels belong on tables and columns", "",
                  "Use SECURITY LABEL FOR gdpr ON TABLE or ON COLUMN.");
    const char kind = pg::call([&] { return get_rel_relkind(object->objectId); });
    if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
        pg::raise(ERRCODE_WRONG_OBJECT_TYPE, pg::relation_name(object->objectId) + " is not a table",
                  "Only tables hold rows of their own.", "Label the table that the data comes from.");
    if (pg::call([&] { return get_rel_persistence(object->objectId); }) == RELPERSISTENCE_TEMP)
        pg::raise(ERRCODE_WRONG_OBJECT_TYPE, "temporary tables cannot be labelled",
                  "They are their session's own, and what apply() makes is everyone's.",
                  "Label the table that the data comes from.");
    if (pg::call([&] { return IsCatalogRelationOid(object->objectId); }))
        pg::raise(ERRCODE_WRONG_OBJECT_TYPE, "system catalogs cannot be labelled");
}

void labels_changed(Oid relation) {
    ListCell *cell;
    foreach (cell, find_all_inheritors(relation, NoLock, nullptr))
        CacheInvalidateRelcacheByRelid(lfirst_oid(cell));
    // Whoever keeps what all labels say together learns of it too.
    CacheInvalidateRelcacheByRelid(SecLabelRelationId);
}

/// The provider's hook: checks the grammar, and whose tables it reaches; a restore sets labels before what they name
/// exists.
void check_label(const ObjectAddress *object, const char *text) {
    pg::boundary([&] {
        if (text != nullptr) {
            check_kind(object);
            if (object->objectSubId == 0)
                check_reach(object->objectId, table_label(text));
            else
                check_reach(object->objectId, column_label(text));
        }
        if (object->classId != RelationRelationId)
            return;
        pg::call([&] { labels_changed(object->objectId); });
    });
}

} // namespace

const ColumnLabel *Labels::column(AttrNumber number) const noexcept {
    for (const LabelledColumn &each : columns)
        if (each.number == number)
            return &each.label;
    return nullptr;
}

const Labels &of(Oid relation) {
    if (cache == nullptr)
        cache = new std::map<Oid, Entry>;
    if (const auto found = cache->find(relation); found != cache->end() && found->second.valid)
        return found->second.labels;
    Labels labels = read(relation);
    if (labels.empty())
        labels = inherited(relation);
    Entry &entry = (*cache)[relation];
    entry.labels = std::move(labels);
    entry.valid = true;
    return entry.labels;
}

std::vector<Oid> labelled_relations() {
    std::map<std::string, Oid> found;
    std::set<Oid> seen;
    for_each_label(InvalidOid, [&](Oid relation, AttrNumber, const std::string &) {
        if (seen.insert(relation).second && pg::relation_exists(relation))
            found.emplace(pg::relation_name(relation), relation);
    });
    std::vector<Oid> relations;
    relations.reserve(found.size());
    for (const auto &[name, relation] : found)
        relations.push_back(relation);
    return relations;
}

void relabel(Oid relation, const TableLabel &label) {
    const std::string text = to_string(label);
    pg::call([&] {
        const ObjectAddress table = {RelationRelationId, relation, 0};
        SetSecurityLabel(&table, provider, text.c_str());
        labels_changed(relation);
        CommandCounterIncrement();
    });
}

void init() {
    register_label_provider(provider, check_label);
    pg::on_relation_change(relation_changed);
}

} // namespace gdpr::label
