// Labels follow what they name: a column, table or schema that is renamed, or a table that moves to another schema, has
// the labels rewritten that say its old name. Event triggers, since they fire in every session.
#include "label/label.hpp"
#include "label/reach.hpp"
#include "pg/event_trigger.hpp"
#include "pg/pg.hpp"
#include "pg/planning.hpp"
#include "subject/predicate.hpp"

namespace gdpr::subject {

namespace {

struct NamedColumn {
    std::string *name; // its place in the label
    Oid relation;
    AttrNumber number;
};

struct NamedTable {
    label::Target *target;
    Oid relation;
};

struct When {
    std::string *text;
    Node *expression;
    std::string before; // as PostgreSQL writes it
};

/// A label, and what its names stood for before the command.
struct Followed {
    Oid relation = InvalidOid;
    std::string before; // as it was written
    label::TableLabel label;
    std::vector<NamedColumn> columns;
    std::vector<NamedTable> tables;
    std::vector<When> whens;
};

std::vector<std::unique_ptr<Followed>> followed;

void forget(XactEvent) { followed.clear(); }

pg::AtTransactionEnd at_end(forget);

/// Under settings of ours, so that it means the same to everyone.
std::string written(Oid relation, Node *expression) {
    const pg::OwnerScope scope(relation);
    const pg::PinnedFormats formats;
    return pg::call([&] {
        const char *name = get_rel_name(relation);
        return name == nullptr ? "" : deparse_expression(expression, deparse_context_for(name, relation), false, false);
    });
}

void note_column(Followed &of, Oid relation, std::string &name) {
    const AttrNumber number = pg::call([&] { return get_attnum(relation, name.c_str()); });
    if (number > 0)
        of.columns.push_back({&name, relation, number});
}

bool is_grave(const pg::Error &error) {
    switch (ERRCODE_TO_CATEGORY(error.sqlstate())) {
    case ERRCODE_INSUFFICIENT_RESOURCES:
    case ERRCODE_OPERATOR_INTERVENTION:
    case ERRCODE_INTERNAL_ERROR:
        return true;
    default:
        return false;
    }
}

/// A condition that says nothing any more, by whatever is gone already, cannot follow: no reason to refuse a command.
void note_when(Followed &of, std::string &text) {
    (void)pg::attempt([](const pg::Error &error) { return !is_grave(error); },
                      [&] {
                          const pg::OwnerScope scope(of.relation);
                          const pg::Relation opened(of.relation, AccessShareLock);
                          const pg::ContextScope lasting(TopTransactionContext);
                          Node *expression = pg::call([&] { return parse_predicate(opened.get(), text.c_str()); });
                          of.whens.push_back({&text, expression, written(of.relation, expression)});
                      });
}

/// Is it the relation whose names change, or does it have its columns from there? Conditions of others stay.
bool concerned(Oid relation, const RenameStmt *rename) {
    if (rename == nullptr || rename->renameType == OBJECT_SCHEMA)
        return false;
    if (rename->renameType == OBJECT_ATTRIBUTE)
        return true;
    const Oid named = pg::named_relation(rename->relation);
    while (OidIsValid(relation) && relation != named)
        relation = pg::parent_of(relation);
    return OidIsValid(relation);
}

void note_edge(Followed &of, label::EdgeLabel &edge, const RenameStmt *rename) {
    for (std::string &column : edge.columns)
        note_column(of, of.relation, column);
    if (!edge.when_predicate.empty() && concerned(of.relation, rename))
        note_when(of, edge.when_predicate);
    if (!edge.target)
        return;
    label::Target &target = *edge.target;
    const Oid relation = label::target_of(of.relation, target);
    if (!OidIsValid(relation))
        return;
    of.tables.push_back({&target, relation});
    for (std::string &column : target.columns)
        note_column(of, relation, column);
}

bool renames(Node *statement) {
    if (IsA(statement, AlterObjectSchemaStmt))
        return castNode(AlterObjectSchemaStmt, statement)->objectType == OBJECT_TABLE;
    if (!IsA(statement, RenameStmt))
        return false;
    switch (castNode(RenameStmt, statement)->renameType) {
    case OBJECT_COLUMN:
    case OBJECT_ATTRIBUTE: // of a type that tables are made of
    case OBJECT_TABLE:
    case OBJECT_INDEX: // which takes a table's name as well, as the others do
    case OBJECT_VIEW:
    case OBJECT_FOREIGN_TABLE:
    case OBJECT_MATVIEW:
    case OBJECT_SEQUENCE:
    case OBJECT_SCHEMA:
        return true;
    default:
        return false;
    }
}

void begin(Node *statement) {
    followed.clear();
    at_end.arm();
    const RenameStmt *rename = IsA(statement, RenameStmt) ? castNode(RenameStmt, statement) : nullptr;
    for (const Oid relation : label::labelled_relations()) {
        const std::optional<label::TableLabel> label = label::of(relation).table;
        if (!label || label::of(relation).labelled != relation)
            continue;
        auto of = std::make_unique<Followed>();
        of->relation = relation;
        of->label = *label;
        of->before = label::to_string(*label);
        for (label::EdgeLabel &edge : of->label.edges)
            note_edge(*of, edge, rename);
        if (of->label.keep)
            note_column(*of, relation, of->label.keep->column);
        if (of->label.expires)
            note_column(*of, relation, *of->label.expires);
        if (!of->columns.empty() || !of->tables.empty())
            followed.push_back(std::move(of));
    }
}

/// Of what was dropped while the command waited, a label keeps the name that it had.
void follow(Followed &of) {
    if (!pg::relation_exists(of.relation))
        return;
    const auto take = [](std::string &place, const char *name) {
        if (name != nullptr)
            place = name;
    };
    for (const NamedColumn &each : of.columns)
        take(*each.name, pg::call([&] { return get_attname(each.relation, each.number, true); }));
    const Oid own = pg::call([&] { return get_rel_namespace(of.relation); });
    for (const NamedTable &each : of.tables) {
        const Oid schema = pg::call([&] { return get_rel_namespace(each.relation); });
        if (!OidIsValid(schema))
            continue;
        take(each.target->table, pg::call([&] { return get_rel_name(each.relation); }));
        if (!each.target->schema.empty() || schema != own)
            take(each.target->schema, pg::call([&] { return get_namespace_name(schema); }));
    }
    for (const When &each : of.whens)
        if (const std::string now = written(of.relation, each.expression); now != each.before)
            *each.text = now;
    if (label::to_string(of.label) == of.before)
        return;
    // As SECURITY LABEL has it: what somebody else has written in the meantime is not overwritten.
    pg::call([&] { LockRelationOid(of.relation, ShareUpdateExclusiveLock); });
    const std::optional<label::TableLabel> &now = label::of(of.relation).table;
    if (!now || label::to_string(*now) != of.before)
        pg::raise(ERRCODE_T_R_SERIALIZATION_FAILURE,
                  "label of table " + pg::relation_name(of.relation) + " was changed by another session",
                  "It names what is being renamed.", "Try again.");
    label::relabel(of.relation, of.label);
}

} // namespace

} // namespace gdpr::subject

using namespace gdpr;

GDPR_FUNCTION(gdpr_rename_begin) {
    if (Node *statement = pg::event_of(fcinfo, "gdpr.rename_begin()").parsetree;
        pg::installed() && subject::renames(statement))
        subject::begin(statement);
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_rename_end) {
    if (Node *statement = pg::event_of(fcinfo, "gdpr.rename_end()").parsetree;
        pg::installed() && subject::renames(statement))
        for (const auto &each : std::exchange(subject::followed, {}))
            subject::follow(*each);
    PG_RETURN_VOID();
}
