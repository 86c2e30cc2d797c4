// ALTER TABLE … ALTER COLUMN … TYPE as a migration writes it, with the plain type: a column whose label says encrypted
// stays so, and what apply() made on the column does not stand in the way. Event triggers, since they fire in every
// session, also in one that has not loaded the library.
#include "apply/exchange.hpp"
#include "apply/plaintext.hpp"
#include "encrypted/type.hpp"
#include "label/label.hpp"
#include "pg/event_trigger.hpp"
#include "pg/pg.hpp"

namespace gdpr::apply {

namespace {

/// Tables whose own triggers and policies were taken aside, by the command that is under way: others may run within it,
/// and be rolled back.
std::map<const Node *, Oid> aside;

void forget(XactEvent) { aside.clear(); }

pg::AtTransactionEnd at_end(forget);

/// Puts the encrypted type in the place of the plain one. The name lives as long as the command.
void keep_encrypted(Oid relation, AttrNumber column, ColumnDef &definition) {
    struct Wanted {
        Oid type = InvalidOid, sealed = InvalidOid;
        std::int32_t typmod = -1;
    };
    const Wanted wanted = pg::call([&] {
        Wanted found;
        const HeapTuple tuple = LookupTypeName(nullptr, definition.typeName, &found.typmod, true);
        if (!HeapTupleIsValid(tuple))
            return found; // PostgreSQL says so
        found.type = typeTypeId(tuple);
        ReleaseSysCache(tuple);
        if (OidIsValid(encrypted::plain_counterpart(getBaseType(found.type))))
            found.type = InvalidOid;
        else
            found.sealed = encrypted::encrypted_counterpart(found.type);
        return found;
    });
    if (!OidIsValid(wanted.type))
        return;
    if (!OidIsValid(wanted.sealed)) {
        const std::string type = pg::type_name(wanted.type, wanted.typmod);
        pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED,
                  "encrypted column " + pg::relation_name(relation) + "." +
                      pg::quote(pg::call([&] { return get_attname(relation, column, false); })) +
                      " cannot become of type " + type,
                  "Its label says that it is encrypted, and there is no encrypted type for that one.",
                  "Make it with SELECT gdpr.create_encrypted_type(" + pg::quote_literal(pg::type_name(wanted.type)) +
                      "), or remove the word encrypted from the column's label.");
    }
    pg::call([&] {
        const MemoryContext before = MemoryContextSwitchTo(GetMemoryChunkContext(&definition));
        definition.typeName = makeTypeNameFromOid(wanted.sealed, wanted.typmod);
        MemoryContextSwitchTo(before);
    });
}

/// What apply() made that names one of the columns, on the table and on its children.
std::vector<std::string> drops_of_own_parts(Oid relation, const std::vector<ColumnChange> &columns) {
    pg::Spi spi;
    Exchange exchange(relation, columns, spi);
    std::vector<std::string> out;
    const auto add = [&](const pg::Rows &rows) {
        for (std::uint64_t row = 0; row < rows.size(); row++)
            out.push_back(rows.text_or(row, 1));
    };
    add(exchange.run("SELECT pg_catalog.format('DROP TRIGGER %I ON %s', g.tgname, g.tgrelid::pg_catalog.regclass)"
                     "  FROM used u JOIN pg_catalog.pg_trigger g ON g.oid = u.id"
                     "  JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid WHERE NOT g.tgisinternal AND g.tgparentid = 0"
                     "   AND p.pronamespace = 'gdpr'::pg_catalog.regnamespace ORDER BY 1",
                     "pg_trigger"));
    add(exchange.run("SELECT pg_catalog.format('DROP POLICY %I ON %s', p.polname, p.polrelid::pg_catalog.regclass)"
                     "  FROM used u JOIN pg_catalog.pg_policy p ON p.oid = u.id"
                     " WHERE p.polname IN ('gdpr_restriction', 'gdpr_gate', 'gdpr_default') ORDER BY 1",
                     "pg_policy"));
    return out;
}

void begin(const AlterTableStmt &statement) {
    const auto *command_id = reinterpret_cast<const Node *>(&statement);
    aside.erase(command_id); // of a command that failed
    if (take_own_alter() || statement.objtype != OBJECT_TABLE)
        return;
    std::vector<std::pair<std::string, ColumnDef *>> changes;
    ListCell *cell;
    foreach (cell, statement.cmds)
        if (const auto *command = static_cast<AlterTableCmd *>(lfirst(cell)); command->subtype == AT_AlterColumnType)
            changes.emplace_back(command->name, reinterpret_cast<ColumnDef *>(command->def));
    if (changes.empty())
        return;
    const Oid relation = pg::named_relation(statement.relation);
    // Whoever may not alter it is PostgreSQL's to refuse, before anything of it is locked.
    if (!OidIsValid(relation) ||
        !pg::call([&, owner = pg::relation_owner(relation)] { return has_privs_of_role(GetUserId(), owner); }))
        return;
    std::vector<ColumnChange> columns;
    for (const auto &[name, definition] : changes) {
        const AttrNumber number = pg::call([&, &its = name] { return get_attnum(relation, its.c_str()); });
        if (number <= 0)
            continue;
        ColumnChange &change = columns.emplace_back();
        change.column.name = name;
        const Oid type = pg::call([&] { return get_atttype(relation, number); });
        if (OidIsValid(pg::call([&] { return encrypted::plain_counterpart(type); })) &&
            wants_encryption(relation, number))
            keep_encrypted(relation, number, *definition);
    }
    if (columns.empty())
        return;
    const pg::OwnerScope scope(pg::gdpr_relation("key"));
    const std::vector<std::string> drops = drops_of_own_parts(relation, columns);
    if (drops.empty())
        return;
    at_end.arm();
    const Oid labelled = label::of(relation).labelled;
    aside.emplace(command_id, OidIsValid(labelled) ? labelled : relation);
    pg::Spi spi;
    for (const std::string &each : drops)
        (void)spi.run(each);
}

/// The rooms make again what was taken aside.
void end(const Node *statement) {
    if (const auto own = aside.extract(statement); !own.empty())
        enforce_parts(own.mapped());
}

} // namespace

} // namespace gdpr::apply

using namespace gdpr;

GDPR_FUNCTION(gdpr_alter_type_begin) {
    const EventTriggerData &event = pg::event_of(fcinfo, "gdpr.alter_type_begin()");
    if (pg::installed() && IsA(event.parsetree, AlterTableStmt))
        apply::begin(*reinterpret_cast<const AlterTableStmt *>(event.parsetree));
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_alter_type_end) {
    const EventTriggerData &event = pg::event_of(fcinfo, "gdpr.alter_type_end()");
    if (pg::installed())
        apply::end(event.parsetree);
    PG_RETURN_VOID();
}
