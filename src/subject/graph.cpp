// Reading the graph: every relation that is labelled or hangs on one by a foreign key.
#include "subject/graph.hpp"

#include "label/label.hpp"
#include "label/reach.hpp"
#include "pg/pg.hpp"
#include "subject/personal.hpp"

namespace gdpr::subject {

namespace {

/// A key by its ends and the child's columns, whichever order they were named in.
using KeyName = std::tuple<unsigned, unsigned, std::set<std::string>>;

KeyName key_name(const Edge &edge) {
    return {edge.child, edge.parent, {edge.child_columns.begin(), edge.child_columns.end()}};
}

struct Planned {
    Graph graph;
    std::vector<Node> members;
    std::map<Oid, Node> by_id;
    std::map<std::vector<unsigned>, Walk> walks;
    std::set<Oid> watched;                       // the members and their partitions
    std::set<KeyName> foreign_keys, unvalidated; // the latter are among the former
};

// Old ones live on until their transaction ends: somebody may still hold a reference.
std::unique_ptr<Planned> *current = nullptr;
std::vector<std::unique_ptr<Planned>> *retired = nullptr;
bool stale = true;
std::uint64_t built = 0;

void relation_changed(Oid relation) {
    // Only marks. The label hook signals pg_seclabel; a foreign key signals the table that it points to.
    if (current == nullptr || *current == nullptr || relation == InvalidOid || relation == SecLabelRelationId ||
        (*current)->watched.contains(relation))
        stale = true;
}

void transaction_ended(XactEvent event) {
    if (retired != nullptr && event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PARALLEL_PRE_COMMIT &&
        event != XACT_EVENT_PRE_PREPARE)
        retired->clear();
}

pg::AtTransactionEnd at_end(transaction_ended);

/// The table that a relation's rows are addressed through: the topmost partitioned one.
Oid root_of(Oid relation) {
    while (pg::call([&] { return get_rel_relispartition(relation); })) {
        const Oid parent = pg::parent_of(relation);
        if (!OidIsValid(parent))
            break;
        relation = parent;
    }
    return relation;
}

std::string column_name(Oid relation, AttrNumber number) {
    char *name = pg::call([&] { return get_attname(relation, number, false); });
    return name;
}

/// Does a unique index of the relation guarantee at most one row for these columns?
bool unique_on(Oid relation, const std::vector<std::string> &columns) {
    std::set<AttrNumber> wanted;
    for (const std::string &column : columns)
        wanted.insert(pg::call([&] { return get_attnum(relation, column.c_str()); }));
    pg::Relation opened(relation, AccessShareLock);
    List *indexes = pg::call([&] { return RelationGetIndexList(opened.get()); });
    ListCell *cell;
    foreach (cell, indexes) {
        pg::Relation index(lfirst_oid(cell), AccessShareLock);
        const Form_pg_index form = index.get()->rd_index;
        if (!form->indisunique || !form->indisvalid ||
            pg::call([&] { return RelationGetIndexPredicate(index.get()) != NIL; }))
            continue;
        const int16 *keys = form->indkey.values;
        if (std::all_of(keys, keys + form->indnkeyatts, [&](int16 key) { return wanted.contains(key); }))
            return true;
    }
    return false;
}

bool any_nullable(Oid relation, const std::vector<std::string> &columns) {
    for (const pg::Column &column : pg::columns_of(relation))
        if (!column.not_null && std::find(columns.begin(), columns.end(), column.name) != columns.end())
            return true;
    return false;
}

bool has_columns(Oid relation, const std::vector<std::string> &columns) {
    return std::all_of(columns.begin(), columns.end(), [&](const std::string &column) {
        return pg::call([&] { return get_attnum(relation, column.c_str()); }) > 0;
    });
}

struct ForeignKey {
    Oid child, parent;
    int count;
    AttrNumber child_columns[INDEX_MAX_KEYS], parent_columns[INDEX_MAX_KEYS];
};

/// The edges that foreign keys draw, each once: what partitions inherit from their parent is the parent's.
std::vector<Edge> foreign_keys(std::set<KeyName> &unvalidated) {
    std::vector<Edge> edges;
    pg::Relation catalog(ConstraintRelationId, AccessShareLock);
    SysScanDesc scan =
        pg::call([&] { return systable_beginscan(catalog.get(), InvalidOid, false, nullptr, 0, nullptr); });
    while (HeapTuple tuple = pg::call([&] { return systable_getnext(scan); })) {
        const auto *form = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
        if (form->contype != CONSTRAINT_FOREIGN || OidIsValid(form->conparentid))
            continue;
        const ForeignKey key = pg::call([&] {
            ForeignKey found{form->conrelid, form->confrelid, 0, {}, {}};
            DeconstructFkConstraintRow(tuple, &found.count, found.child_columns, found.parent_columns, nullptr, nullptr,
                                       nullptr, nullptr, nullptr);
            return found;
        });
        Edge edge;
        edge.child = root_of(key.child);
        edge.parent = root_of(key.parent);
        for (int i = 0; i < key.count; i++) {
            edge.child_columns.push_back(column_name(key.child, key.child_columns[i]));
            edge.parent_columns.push_back(column_name(key.parent, key.parent_columns[i]));
        }
        edge.nullable = any_nullable(edge.child, edge.child_columns);
        if (!form->convalidated)
            unvalidated.insert(key_name(edge));
        edges.push_back(std::move(edge));
    }
    pg::call([&] { systable_endscan(scan); });
    return edges;
}

std::vector<std::string> primary_key_names(Oid relation) {
    std::vector<std::string> names;
    for (const pg::Column &column : pg::primary_key(relation))
        names.push_back(column.name);
    return names;
}

/// The edges that one attribute of a label draws; false where it names what does not exist.
bool add_labelled(Oid relation, const label::EdgeLabel &label, const std::vector<Edge> &keys,
                  std::vector<Edge> &edges) {
    Edge edge;
    edge.child = relation;
    edge.child_columns = label.columns;
    edge.kind = label.kind == label::EdgeLabel::Kind::owned      ? Edge::Kind::owned
                : label.kind == label::EdgeLabel::Kind::accessed ? Edge::Kind::accessed
                                                                 : Edge::Kind::owns;
    edge.labelled = true;
    edge.when = label.when_predicate;
    if (!has_columns(relation, label.columns))
        return false;
    edge.nullable = any_nullable(relation, label.columns);
    if (label.target) {
        edge.parent = label::target_of(relation, *label.target);
        if (!OidIsValid(edge.parent))
            return false;
        edge.parent_columns = label.target->columns.empty() ? primary_key_names(edge.parent) : label.target->columns;
        if (edge.parent_columns.size() != edge.child_columns.size() || !has_columns(edge.parent, edge.parent_columns))
            return false;
        edge.many = !unique_on(edge.parent, edge.parent_columns);
        edges.push_back(std::move(edge));
        return true;
    }
    bool found = false;
    for (const Edge &key : keys)
        if (key.child == relation && std::is_permutation(key.child_columns.begin(), key.child_columns.end(),
                                                         label.columns.begin(), label.columns.end())) {
            edge.parent = key.parent;
            edge.child_columns = key.child_columns;
            edge.parent_columns = key.parent_columns;
            edges.push_back(edge);
            found = true;
        }
    return found;
}

/// Was it in the graph when apply() ran last? Nobody else may have a trigger call the guard.
bool is_enforced(Oid relation) {
    const pg::Relation opened(relation, AccessShareLock);
    const TriggerDesc *triggers = opened.get()->trigdesc;
    const Oid schema = pg::gdpr_schema();
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; i++)
        if (const Oid function = triggers->triggers[i].tgfoid; pg::call([&] {
                const char *name = get_func_name(function);
                return name != nullptr && std::strcmp(name, "restriction_guard") == 0 &&
                       get_func_namespace(function) == schema;
            }))
            return true;
    return false;
}

/// Labels of tables that stand for themselves; a partition speaks through its parent.
std::map<Oid, label::TableLabel> table_labels() {
    std::map<Oid, label::TableLabel> labels;
    for (const Oid relation : label::labelled_relations())
        if (!pg::call([&] { return get_rel_relispartition(relation); }))
            labels[relation] = label::of(relation).table.value_or(label::TableLabel());
    return labels;
}

void add_members(Planned &planned, const std::map<Oid, Node> &all) {
    std::set<Oid> ids;
    for (const auto &[id, node] : all)
        if (node.subject)
            for (const Step &step : planned.graph.walk(id).steps)
                ids.insert(step.node);
    for (const Undecided &each : planned.graph.undecided())
        ids.insert(each.node);
    for (const Oid id : ids) {
        planned.members.push_back(all.at(id));
        planned.by_id.emplace(id, all.at(id));
        List *heirs = pg::call([&] { return find_all_inheritors(id, NoLock, nullptr); });
        ListCell *cell;
        foreach (cell, heirs)
            planned.watched.insert(lfirst_oid(cell));
    }
    std::sort(planned.members.begin(), planned.members.end(),
              [](const Node &one, const Node &other) { return one.name < other.name; });
}

std::unique_ptr<Planned> read() {
    const std::map<Oid, label::TableLabel> labels = table_labels();
    std::map<Oid, Node> all;
    std::vector<Edge> edges;
    std::set<KeyName> unvalidated;
    const auto add_node = [&](Oid id) {
        Node &node = all[id];
        node.id = id;
        node.name = pg::relation_name(id);
    };
    if (std::any_of(labels.begin(), labels.end(), [](const auto &each) { return each.second.subject; })) {
        edges = foreign_keys(unvalidated);
        std::vector<Edge> said;
        for (const auto &[relation, label] : labels) {
            add_node(relation);
            Node &node = all[relation];
            node.subject = label.subject;
            node.erase = label.erase;
            node.keep = label.keep.has_value();
            for (const label::EdgeLabel &each : label.edges)
                if (!add_labelled(relation, each, edges, said) && node.lost.empty())
                    node.lost = label::to_string(each);
            node.enforced = !node.lost.empty() && is_enforced(relation);
        }
        edges.insert(edges.end(), said.begin(), said.end());
        for (const Edge &edge : edges)
            for (const Oid end : {edge.child, edge.parent})
                if (!all.contains(end))
                    add_node(end);
    }
    std::set<KeyName> guarding;
    for (const Edge &edge : edges)
        if (!edge.labelled)
            guarding.insert(key_name(edge));
    std::vector<Node> nodes;
    nodes.reserve(all.size());
    for (const auto &[id, node] : all)
        nodes.push_back(node);
    std::unique_ptr<Planned> planned;
    try {
        planned = std::make_unique<Planned>(Planned{
            Graph(std::move(nodes), std::move(edges)), {}, {}, {}, {}, std::move(guarding), std::move(unvalidated)});
        add_members(*planned, all);
    } catch (const PlanError &error) {
        pg::raise(ERRCODE_PROGRAM_LIMIT_EXCEEDED, error.message);
    }
    return planned;
}

Planned &planned() {
    if (current == nullptr) {
        current = new std::unique_ptr<Planned>;
        retired = new std::vector<std::unique_ptr<Planned>>;
    }
    if (!stale && *current != nullptr)
        return **current;
    stale = false; // what changes while we read makes it stale again
    try {
        std::unique_ptr<Planned> fresh = read();
        if (*current != nullptr) {
            at_end.arm();
            retired->push_back(std::move(*current));
        }
        *current = std::move(fresh);
        built++;
    } catch (...) {
        stale = true;
        throw;
    }
    return **current;
}

} // namespace

const Graph &graph() { return planned().graph; }

std::uint64_t generation() {
    (void)planned();
    return built;
}

const std::vector<Node> &nodes() { return planned().members; }

Oid node_of(Oid relation) {
    const Planned &now = planned();
    while (OidIsValid(relation) && !now.by_id.contains(relation))
        relation = pg::parent_of(relation);
    return relation;
}

bool guarded(const Edge &edge) { return planned().foreign_keys.contains(key_name(edge)); }

bool upheld(const Edge &edge) { return guarded(edge) && !planned().unvalidated.contains(key_name(edge)); }

bool is_subject(Oid relation) {
    const Planned &now = planned();
    const auto found = now.by_id.find(node_of(relation));
    return found != now.by_id.end() && found->second.subject;
}

const Walk &decided_walk(Oid subject_table) { return decided_walk(std::vector<unsigned>{subject_table}); }

const Walk &decided_walk(const std::vector<unsigned> &subject_tables) {
    Planned &now = planned();
    for (const unsigned table : subject_tables) {
        const auto node = now.by_id.find(table);
        if (node == now.by_id.end() || !node->second.subject)
            pg::raise(ERRCODE_WRONG_OBJECT_TYPE, pg::relation_name(table) + " is not a subject table", "",
                      "Name the table whose rows are the people, the one labelled subject.");
    }
    auto known = now.walks.find(subject_tables);
    if (known == now.walks.end())
        known = now.walks.emplace(subject_tables, now.graph.walk(subject_tables)).first;
    if (!known->second.undecided.empty()) {
        const Undecided &first = known->second.undecided.front();
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, first.message, first.detail, first.hint);
    }
    return known->second;
}

void init() {
    init_personal();
    pg::on_relation_change(relation_changed);
}

} // namespace gdpr::subject
