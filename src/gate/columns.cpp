#include "gate/columns.hpp"

#include "encrypted/type.hpp"
#include "gate/trace.hpp"
#include "label/label.hpp"
#include "pg/pg.hpp"
#include "pg/planning.hpp"
#include "pg/tree.hpp"

namespace gdpr::gate {

namespace {

struct Entry {
    std::shared_ptr<const Columns> columns;
    std::set<Oid> sources;  // relations that were looked at
    std::set<Oid> followed; // of these, where foreign keys lead
    std::uint64_t version = 0;
    bool valid = false;
};

std::map<Oid, Entry> *cache = nullptr;

void relation_changed(Oid relation) {
    if (cache == nullptr)
        return;
    bool far = false;
    for (auto &[id, entry] : *cache)
        if (relation == InvalidOid || relation == SecLabelRelationId || entry.sources.contains(relation)) {
            far = far || entry.followed.contains(relation);
            entry.valid = false;
        }
    // A plan is made anew when its own tables change, which where their foreign keys lead are not.
    if (far && in_use())
        ResetPlanCache();
}

void add(std::vector<Origin> &to, const Origin &origin) {
    if (std::find(to.begin(), to.end(), origin) == to.end())
        to.push_back(origin);
}

/// What the relation itself says of its columns, by name; its parents not asked.
std::vector<Origin> own_origins(Oid relation) {
    std::vector<Origin> out;
    const label::Labels labels = label::of(relation);
    if (labels.labelled == relation)
        for (const label::LabelledColumn &each : labels.columns)
            out.push_back({relation, each.name, each.label.data_class});
    for (const std::string &column : columns_named(relation)) {
        if (std::none_of(out.begin(), out.end(), [&](const Origin &each) { return each.column == column; }))
            out.push_back({relation, column, Class::none});
    }
    return out;
}

/// What the extension keeps of people, it keeps encrypted.
void add_records(const pg::Relation &relation, Columns &columns) {
    for (int i = 0; i < relation.descriptor()->natts; i++) {
        const Form_pg_attribute column = TupleDescAttr(relation.descriptor(), i);
        if (!column->attisdropped && OidIsValid(encrypted::plain_counterpart(column->atttypid)))
            add(columns[column->attnum], {relation.id(), NameStr(column->attname), Class::none, InvalidOid, {}, true});
    }
}

std::vector<Oid> parents_of(Oid relation) {
    std::vector<Oid> out;
    pg::Relation catalog(InheritsRelationId, AccessShareLock);
    SysScanDesc scan = pg::call([&] {
        ScanKeyData key;
        ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
        return systable_beginscan(catalog.get(), InheritsRelidSeqnoIndexId, true, nullptr, 1, &key);
    });
    while (HeapTuple tuple = pg::call([&] { return systable_getnext(scan); }))
        out.push_back(reinterpret_cast<Form_pg_inherits>(GETSTRUCT(tuple))->inhparent);
    pg::call([&] { systable_endscan(scan); });
    return out;
}

bool collect_columns(Node *node, std::set<AttrNumber> *into) {
    if (node == nullptr)
        return false;
    if (IsA(node, Var)) {
        into->insert(reinterpret_cast<Var *>(node)->varattno);
        return false;
    }
    return expression_tree_walker(node, pg::walker(collect_columns), into);
}

/// A generated column is as telling as what it is made of.
void add_generated(const pg::Relation &relation, Columns &columns) {
    const TupleConstr *constraints = relation.descriptor()->constr;
    for (int i = 0; constraints != nullptr && i < constraints->num_defval; i++) {
        const AttrNumber number = constraints->defval[i].adnum;
        if (TupleDescAttr(relation.descriptor(), number - 1)->attgenerated == '\0')
            continue;
        std::set<AttrNumber> used;
        Node *expression = pg::call([&] { return static_cast<Node *>(stringToNode(constraints->defval[i].adbin)); });
        (void)collect_columns(expression, &used);
        for (const auto &[column, origins] : Columns(columns))
            if (used.contains(column) || used.contains(0))
                for (const Origin &origin : origins)
                    add(columns[number], origin);
    }
}

/// What the relation and its family say of its columns.
Columns declared(const pg::Relation &relation, std::set<Oid> &sources) {
    Columns columns;
    for (const Oid member : family_of(relation.id())) {
        sources.insert(member);
        for (const Origin &origin : own_origins(member))
            // A rule that names a column which is not there stands at 0, and closes all of them.
            add(columns[pg::call([&] { return get_attnum(relation.id(), origin.column.c_str()); })], origin);
    }
    return columns;
}

/// A column of a relation whose foreign key leads to a column of another.
struct Reference {
    std::string column;
    Oid table;
    AttrNumber to;
};

std::vector<Reference> references_of(Oid relation) {
    std::vector<Reference> out;
    for (const Oid member : family_of(relation)) {
        const pg::Relation opened(member, AccessShareLock);
        const List *keys = pg::call([&] { return RelationGetFKeyList(opened.get()); });
        ListCell *cell;
        foreach (cell, keys) {
            const auto *key = static_cast<const ForeignKeyCacheInfo *>(lfirst(cell));
            for (int i = 0; i < key->nkeys; i++)
                out.push_back({NameStr(TupleDescAttr(opened.descriptor(), key->conkey[i] - 1)->attname), key->confrelid,
                               key->confkey[i]});
        }
    }
    return out;
}

bool has_class(const Columns &columns, AttrNumber number) {
    const auto found = columns.find(number);
    return found != columns.end() && std::any_of(found->second.begin(), found->second.end(),
                                                 [](const Origin &each) { return each.data_class != Class::none; });
}

/// What a foreign key leads to is what its own column holds, unless a label says what that is.
std::set<Oid> add_followed(const pg::Relation &relation, Columns &columns) {
    std::set<Oid> sources;
    const Columns own = columns;
    std::set<std::pair<Oid, AttrNumber>> seen;
    std::vector<Reference> ahead;
    for (const Reference &first : references_of(relation.id())) {
        const AttrNumber number = pg::call([&] { return get_attnum(relation.id(), first.column.c_str()); });
        if (number == InvalidAttrNumber || has_class(own, number))
            continue;
        seen = {{relation.id(), number}};
        ahead = {first};
        while (!ahead.empty()) {
            const Reference next = ahead.back();
            ahead.pop_back();
            if (!seen.emplace(next.table, next.to).second)
                continue;
            const pg::Relation table(next.table, AccessShareLock);
            sources.insert(next.table);
            Columns there = declared(table, sources);
            add_generated(table, there);
            for (const AttrNumber at : std::initializer_list<AttrNumber>{next.to, InvalidAttrNumber})
                for (Origin origin : there[at]) {
                    origin.follower = relation.id();
                    origin.follower_column = first.column;
                    add(columns[number], origin);
                }
            const std::string name = NameStr(TupleDescAttr(table.descriptor(), next.to - 1)->attname);
            if (!has_class(there, next.to))
                for (const Reference &beyond : references_of(next.table))
                    if (beyond.column == name)
                        ahead.push_back(beyond);
        }
    }
    return sources;
}

/// A materialised view holds what its query has read, and a view shows it.
void add_from_query(const pg::Relation &view, Columns &columns, std::set<Oid> &sources) {
    const RuleLock *rules = view.get()->rd_rules;
    for (int i = 0; rules != nullptr && i < rules->numLocks; i++) {
        if (rules->rules[i]->event != CMD_SELECT || rules->rules[i]->actions == NIL)
            continue;
        const Query *query = linitial_node(Query, rules->rules[i]->actions);
        for (int column = 1; column <= view.descriptor()->natts; column++)
            trace_output(query, column, {}, [&](Oid relation, AttrNumber from) {
                sources.insert(relation);
                if (from < 0)
                    return;
                for (const auto &[number, origins] : *columns_of(relation))
                    if (from == 0 || number == from)
                        for (const Origin &origin : origins)
                            add(columns[static_cast<AttrNumber>(column)], origin);
            });
    }
}

/// The table whose long values a TOAST table holds.
Oid owner_of_toast(Oid toast) {
    Oid found = InvalidOid;
    pg::Relation catalog(DependRelationId, AccessShareLock);
    SysScanDesc scan = pg::call([&] {
        std::array<ScanKeyData, 2> keys;
        ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
                    ObjectIdGetDatum(RelationRelationId));
        ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(toast));
        return systable_beginscan(catalog.get(), DependDependerIndexId, true, nullptr, 2, keys.data());
    });
    while (HeapTuple tuple = pg::call([&] { return systable_getnext(scan); }))
        if (const auto *form = reinterpret_cast<Form_pg_depend>(GETSTRUCT(tuple));
            form->refclassid == RelationRelationId && form->deptype == DEPENDENCY_INTERNAL)
            found = form->refobjid;
    pg::call([&] { systable_endscan(scan); });
    return found;
}

/// Whoever may read every table may read what a TOAST table holds.
void add_from_toasted(Oid toast, Columns &columns, std::set<Oid> &sources) {
    constexpr AttrNumber chunk_data = 3;
    const Oid table = owner_of_toast(toast);
    if (!OidIsValid(table))
        return;
    sources.insert(table);
    for (const auto &[number, origins] : *columns_of(table))
        for (const Origin &origin : origins)
            add(columns[chunk_data], origin);
}

Entry compute(Oid relation) {
    Entry entry;
    entry.sources.insert(relation);
    entry.version = rules_version();
    auto columns = std::make_shared<Columns>();
    const char kind = pg::call([&] { return get_rel_relkind(relation); });
    if (relation >= FirstNormalObjectId && kind == RELKIND_TOASTVALUE) {
        add_from_toasted(relation, *columns, entry.sources);
    } else if (relation >= FirstNormalObjectId && kind != '\0' && kind != RELKIND_SEQUENCE) {
        const pg::Relation opened(relation, AccessShareLock);
        *columns = declared(opened, entry.sources);
        if (kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE)
            entry.followed = add_followed(opened, *columns);
        entry.sources.insert(entry.followed.begin(), entry.followed.end());
        if ((kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE) &&
            opened.get()->rd_rel->relnamespace == pg::gdpr_schema())
            add_records(opened, *columns);
        add_generated(opened, *columns);
        if (kind == RELKIND_MATVIEW || kind == RELKIND_VIEW)
            add_from_query(opened, *columns, entry.sources);
    }
    entry.columns = std::move(columns);
    return entry;
}

} // namespace

std::set<Oid> family_of(Oid relation) {
    std::set<Oid> family{relation};
    std::vector<Oid> above{relation};
    while (!above.empty()) {
        const Oid each = above.back();
        above.pop_back();
        for (const Oid parent : parents_of(each))
            if (family.insert(parent).second)
                above.push_back(parent);
    }
    if (pg::call([&] { return has_subclass(relation); })) {
        List *below = pg::call([&] { return find_all_inheritors(relation, NoLock, nullptr); });
        ListCell *cell;
        foreach (cell, below)
            family.insert(lfirst_oid(cell));
    }
    return family;
}

std::shared_ptr<const Columns> columns_of(Oid relation) {
    if (cache == nullptr)
        cache = new std::map<Oid, Entry>;
    if (const auto found = cache->find(relation);
        found != cache->end() && found->second.valid && found->second.version == rules_version())
        return found->second.columns;
    // A view may be in its own way, by functions; and what changes while we look undoes this.
    Entry &place = (*cache)[relation];
    place.columns = std::make_shared<Columns>();
    place.version = rules_version();
    place.sources.insert(relation);
    place.valid = true;
    Entry entry;
    try {
        entry = compute(relation);
    } catch (...) {
        (*cache)[relation].valid = false;
        throw;
    }
    Entry &known = (*cache)[relation];
    entry.valid = known.valid;
    known = std::move(entry);
    return known.columns;
}

std::optional<bool> known_columns(Oid relation) noexcept {
    if (cache == nullptr)
        return std::nullopt;
    const auto found = cache->find(relation);
    return found != cache->end() && found->second.valid && found->second.version == rules_version()
               ? std::optional(!found->second.columns->empty())
               : std::nullopt;
}

bool gated(Oid relation, const Sight &sight) {
    if (!sight.gated)
        return false;
    const auto columns = columns_of(relation);
    return std::any_of(columns->begin(), columns->end(),
                       [&](const auto &each) { return sight.verdict(each.second).gated(); });
}

Verdict verdict(Oid relation, AttrNumber column, const Sight &sight) {
    Verdict strictest;
    if (!sight.gated || column < 0)
        return strictest;
    const auto columns = columns_of(relation);
    if (const auto lost = columns->find(0); lost != columns->end() && sight.verdict(lost->second).gated())
        return {Action::deny, "a gate of a column that is not there"};
    for (const auto &[number, origins] : *columns)
        if (column == 0 || number == column)
            if (Verdict each = sight.verdict(origins); each.action > strictest.action)
                strictest = std::move(each);
    return strictest;
}

void init_columns() { pg::on_relation_change(relation_changed); }

} // namespace gdpr::gate
