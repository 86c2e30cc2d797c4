// A column becomes a generated one, in its place. PostgreSQL's own commands can only end that, or add a new column
// behind all others.
#include "pg/pg.hpp"
#include "pg/planning.hpp"

using namespace gdpr;

namespace {

Node *parsed(const char *expression) {
    List *statements = raw_parser(expression, RAW_PARSE_PLPGSQL_EXPR);
    const auto *select = castNode(SelectStmt, linitial_node(RawStmt, statements)->stmt);
    if (list_length(select->targetList) != 1)
        ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("a generated column has one expression")));
    return linitial_node(ResTarget, select->targetList)->val;
}

} // namespace

GDPR_FUNCTION(gdpr_generate_column) {
    const Oid relation = PG_GETARG_OID(0);
    const char *name = NameStr(*PG_GETARG_NAME(1));
    pg::call([&] {
        const char *expression = text_to_cstring(PG_GETARG_TEXT_PP(2));
        ::Relation table = table_open(relation, AccessExclusiveLock);
        ::Relation catalog = table_open(AttributeRelationId, RowExclusiveLock);
        HeapTuple tuple = SearchSysCacheCopyAttName(relation, name);
        if (!HeapTupleIsValid(tuple))
            ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN), errmsg("column \"%s\" does not exist", name)));
        auto *attribute = reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple));
        attribute->attgenerated = ATTRIBUTE_GENERATED_STORED;
        const AttrNumber number = attribute->attnum;
        CatalogTupleUpdate(catalog, &tuple->t_self, tuple);
        table_close(catalog, RowExclusiveLock);
        CommandCounterIncrement();

        auto *column = static_cast<RawColumnDefault *>(palloc0(sizeof(RawColumnDefault)));
        column->attnum = number;
        column->raw_default = parsed(expression);
        column->generated = ATTRIBUTE_GENERATED_STORED;
        (void)AddRelationNewConstraints(table, list_make1(column), NIL, false, true, true, nullptr);
        table_close(table, NoLock);
    });
    PG_RETURN_VOID();
}
