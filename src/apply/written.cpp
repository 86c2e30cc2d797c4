// Expressions and queries of the catalogs in the words of their authors. Beside an operator PostgreSQL writes every
// cast that a value goes through by itself. Where that cast decrypts, it is no part of what was written: read back over
// the plain column, (pay)::numeric would stay for ever.
#include "encrypted/type.hpp"
#include "pg/pg.hpp"
#include "pg/planning.hpp"
#include "pg/tree.hpp"

using namespace gdpr;

namespace {

struct Stripping {
    bool any;
};

/// Does a value go by itself, in this call, to its own plain type, or from one encrypted type to another, or into one?
bool goes_by_itself(const FuncExpr *call) {
    if (call->funcformat != COERCE_IMPLICIT_CAST || call->args == NIL)
        return false;
    const Oid from = exprType(static_cast<Node *>(linitial(call->args))), to = call->funcresulttype;
    return encrypted::plain_counterpart(from) == to || OidIsValid(encrypted::plain_counterpart(to));
}

Node *strip(Node *node, Stripping *stripping) {
    if (node == nullptr)
        return nullptr;
    if (IsA(node, Query))
        return reinterpret_cast<Node *>(
            query_tree_mutator(castNode(Query, node), pg::mutator(strip), stripping, QTW_DONT_COPY_QUERY));
    if (!IsA(node, FuncExpr) || !goes_by_itself(castNode(FuncExpr, node)))
        return expression_tree_mutator(node, pg::mutator(strip), stripping);
    stripping->any = true;
    const auto *call = castNode(FuncExpr, node);
    Node *value = strip(static_cast<Node *>(linitial(call->args)), stripping);
    // Operators are looked up by the types beside them, to be named as shortly as can be.
    if (IsA(value, Var))
        castNode(Var, value)->vartype = call->funcresulttype;
    return value;
}

/// Names for the two rows that a trigger's or a rule's condition knows.
List *old_and_new(Oid relation) {
    auto *statement = makeNode(PlannedStmt);
    List *names = NIL;
    for (const char *name : {"old", "new"}) {
        auto *entry = makeNode(RangeTblEntry);
        entry->rtekind = RTE_RELATION;
        entry->relid = relation;
        entry->relkind = get_rel_relkind(relation);
        entry->rellockmode = AccessShareLock;
        entry->alias = entry->eref = makeAlias(name, NIL);
        statement->rtable = lappend(statement->rtable, entry);
        names = lappend(names, pstrdup(name));
    }
    return deparse_context_for_plan_tree(statement, names);
}

void write(Node *tree, Oid relation, ArrayBuildState **out) {
    if (tree == nullptr)
        return;
    if (IsA(tree, List)) {
        ListCell *cell;
        foreach (cell, castNode(List, tree))
            write(static_cast<Node *>(lfirst(cell)), relation, out);
        return;
    }
    const char *text = IsA(tree, Query) ? pg_get_querydef(castNode(Query, tree), false)
                                        : deparse_expression(tree, old_and_new(relation), true, false);
    *out = accumArrayResult(*out, CStringGetTextDatum(text), false, TEXTOID, CurrentMemoryContext);
}

Node *read(Datum tree) { return static_cast<Node *>(stringToNode(TextDatumGetCString(tree))); }

} // namespace

GDPR_FUNCTION(gdpr_as_written) {
    const Datum given = PG_GETARG_DATUM(0);
    const int place = PG_GETARG_INT32(1);
    const Datum result = pg::call([&]() -> Datum {
        Node *tree = read(given);
        if (place > 0)
            tree = static_cast<Node *>(list_nth(castNode(List, tree), place - 1));
        Stripping stripping{false};
        Node *stripped = strip(tree, &stripping);
        return !stripping.any && place == 0 ? given : CStringGetTextDatum(nodeToString(stripped));
    });
    PG_RETURN_DATUM(result);
}

GDPR_FUNCTION(gdpr_written) {
    const Datum given = PG_GETARG_DATUM(0);
    const Oid relation = PG_GETARG_OID(1);
    const Datum result = pg::call([&] {
        ArrayBuildState *texts = initArrayResult(TEXTOID, CurrentMemoryContext, false);
        write(read(given), relation, &texts);
        return makeArrayResult(texts, CurrentMemoryContext);
    });
    PG_RETURN_DATUM(result);
}
