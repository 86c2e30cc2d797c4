// Labels follow what they name: a column, table or schema that is renamed, or a table that moves to another schema, has
// the labels rewritten that say its old name. Event triggers, since they fire in every session.
#include "label/label.hpp"
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
    label::TableLabel label;
    std::vector<NamedColumn> columns;
    std::vector<NamedTable> tables;
    std::vector<When> whens;
};

std::vector<std::unique_ptr<Followed>> followed;

void forget(XactEvent) { followed.clear(); }

pg::AtTransactionEnd at_end(forget);

std::string written(Oid relation, Node *expression) {
    return pg::call([&] {
        return deparse_expression(expression, deparse_context_for(get_rel_name(relation), relation), false, false);
    });
}

void note_column(Followed &of, Oid relation, std::string &name) {
    const AttrNumber number = pg::call([&] { return get_attnum(relation, name.c_str()); });
    if (number > 0)
        of.columns.push_back({&name, relation, number});
}

/// A condition that names what is gone already cannot follow anything.
void note_when(Followed &of, std::string &text) {
    (void)pg::attempt(ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION, [&] {
        const pg::OwnerScope scope(of.relation);
        const pg::Relation opened(of.relation, AccessShareLock);
        const pg::ContextScope lasting(TopTransactionContext);
        Node *expression = pg::call([&] { return parse_predicate(opened.get(), text.c_str()); });
        of.whens.push_back({&text, expression, written(of.relation, expression)});
    });
}

void note_edge(Followed &of, label::EdgeLabel &edge) {
    for (std::string &column : edge.columns)
        note_column(of, of.relation, column);
    if (!edge.when_predicate.empty())
        note_when(of, edge.when_predicate);
    if (!edge.target)
        return;
    label::Target &target = *edge.target;
    const Oid relation = pg::call([&] {
        const Oid schema =
            target.schema.empty() ? get_rel_namespace(of.relation) : get_namespace_oid(target.schema.c_str(), true);
        return OidIsValid(schema) ? get_relname_relid(target.table.c_str(), schema) : InvalidOid;
    });
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
    case OBJECT_SCHEMA:
        return true;
    default:
        return false;
    }
}

void begin() {
    followed.clear();
    at_end.arm();
    for (const Oid relation : label::labelled_relations()) {
        const std::optional<label::TableLabel> label = label::of(relation).table;
        if (!label || label::of(relation).labelled != relation)
            continue;
        auto of = std::make_unique<Followed>();
        of->relation = relation;
        of->label = *label;
        for (label::EdgeLabel &edge : of->label.edges)
            note_edge(*of, edge);
        if (of->label.keep)
            note_column(*of, relation, of->label.keep->column);
        if (of->label.expires)
            note_column(*of, relation, *of->label.expires);
        if (!of->columns.empty() || !of->tables.empty())
            followed.push_back(std::move(of));
    }
}

/// The label as it must read now.
void follow(Followed &of) {
    const std::string before = label::to_string(of.label);
    for (const NamedColumn &each : of.columns)
        *each.name = pg::call([&] { return get_attname(each.relation, each.number, false); });
    const Oid own = pg::call([&] { return get_rel_namespace(of.relation); });
    for (const NamedTable &each : of.tables) {
        const Oid schema = pg::call([&] { return get_rel_namespace(each.relation); });
        each.target->table = pg::call([&] { return get_rel_name(each.relation); });
        if (!each.target->schema.empty() || schema != own)
            each.target->schema = pg::call([&] { return get_namespace_name(schema); });
    }
    for (const When &each : of.whens)
        if (const std::string now = written(of.relation, each.expression); now != each.before)
            *each.text = now;
    if (label::to_string(of.label) != before)
        label::relabel(of.relation, of.label);
}

Node *statement_of(FunctionCallInfo fcinfo, const char *name) {
    if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
        pg::raise(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED,
                  std::string(name) + " must be called as an event trigger");
    return reinterpret_cast<EventTriggerData *>(fcinfo->context)->parsetree;
}

} // namespace

} // namespace gdpr::subject

using namespace gdpr;

GDPR_FUNCTION(gdpr_rename_begin) {
    if (Node *statement = subject::statement_of(fcinfo, "gdpr.rename_begin()");
        pg::installed() && subject::renames(statement))
        subject::begin();
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_rename_end) {
    if (Node *statement = subject::statement_of(fcinfo, "gdpr.rename_end()");
        pg::installed() && subject::renames(statement))
        for (const auto &each : std::exchange(subject::followed, {}))
            subject::follow(*each);
    PG_RETURN_VOID();
}
