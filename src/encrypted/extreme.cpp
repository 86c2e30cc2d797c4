// min() and max() of an encrypted column are those of its decrypted values, and PostgreSQL finds no index for these.
// Where the column has one, the value is chosen encrypted, by the index or by comparison, and decrypted once.
#include "encrypted/rewrite.hpp"
#include "encrypted/type.hpp"
#include "pg/pg.hpp"
#include "pg/planning.hpp"
#include "pg/tree.hpp"

namespace gdpr::encrypted {

namespace {

struct Extremes {
    const Query *query;
    bool all; // all aggregates of the query can be had from an index, as far as one can tell here
    bool any;
};

/// Has the column a btree index that it leads, in its own order?
bool leads_index(Oid relation, AttrNumber column, Oid type) {
    const Oid less = operator_between("<", type, type);
    bool found = false;
    Relation table = table_open(relation, AccessShareLock);
    ListCell *cell;
    foreach (cell, RelationGetIndexList(table)) {
        Relation index = index_open(lfirst_oid(cell), AccessShareLock);
        found = found || (index->rd_rel->relam == BTREE_AM_OID && index->rd_index->indisvalid &&
                          index->rd_index->indkey.values[0] == column && op_in_opfamily(less, index->rd_opfamily[0]));
        index_close(index, NoLock);
    }
    table_close(table, NoLock);
    return found;
}

/// gdpr.<type>_min or _max, for what min or max of pg_catalog is.
Oid encrypted_aggregate(Oid aggregate, Oid type) {
    const char *name = get_func_name(aggregate);
    if (get_func_namespace(aggregate) != PG_CATALOG_NAMESPACE ||
        (std::strcmp(name, "min") != 0 && std::strcmp(name, "max") != 0))
        return InvalidOid;
    HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
    char *full = psprintf("%s_%s", NameStr(reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple))->typname), name);
    ReleaseSysCache(tuple);
    return LookupFuncName(list_make2(makeString(pstrdup("gdpr")), makeString(full)), 1, &type, true);
}

bool has_sort_operator(Oid aggregate) {
    HeapTuple tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
    const bool has =
        HeapTupleIsValid(tuple) && OidIsValid(reinterpret_cast<Form_pg_aggregate>(GETSTRUCT(tuple))->aggsortop);
    if (HeapTupleIsValid(tuple))
        ReleaseSysCache(tuple);
    return has;
}

/// As above, of the table's column that this one is, through views and subqueries.
bool leads_index(const Var *column, const Query *query) {
    for (;;) {
        const RangeTblEntry *entry = rt_fetch(column->varno, query->rtable);
        if (entry->rtekind == RTE_RELATION)
            return leads_index(entry->relid, column->varattno, column->vartype);
        if (entry->rtekind != RTE_SUBQUERY || entry->subquery->setOperations != nullptr)
            return false;
        query = entry->subquery;
        const TargetEntry *target = get_tle_by_resno(query->targetList, column->varattno);
        if (target == nullptr || !IsA(target->expr, Var) || castNode(Var, target->expr)->varlevelsup != 0)
            return false;
        column = castNode(Var, target->expr);
    }
}

/// The call that decrypts an aggregate of encrypted values, in the place of an aggregate of decrypted ones.
Node *encrypted_extreme(const Aggref *call, const Query *query) {
    if (list_length(call->args) != 1 || call->aggdistinct != NIL || call->aggorder != NIL || call->aggfilter != nullptr)
        return nullptr;
    auto *argument = reinterpret_cast<Node *>(linitial_node(TargetEntry, call->args)->expr);
    Node *column = IsA(argument, Var) ? argument : decrypted(argument);
    if (column == nullptr || !IsA(column, Var) || castNode(Var, column)->varlevelsup != 0)
        return nullptr;
    const Oid type = exprType(column);
    Oid open = InvalidOid;
    if (!OidIsValid(plain_counterpart(type)) ||
        find_coercion_pathway(call->aggtype, type, COERCION_EXPLICIT, &open) != COERCION_PATH_FUNC)
        return nullptr;
    const Oid aggregate = encrypted_aggregate(call->aggfnoid, type);
    if (!OidIsValid(aggregate) || !leads_index(castNode(Var, column), query))
        return nullptr;
    auto *chosen = static_cast<Aggref *>(copyObject(const_cast<Aggref *>(call)));
    chosen->aggfnoid = aggregate;
    chosen->aggtype = type;
    chosen->aggcollid = exprCollation(column);
    chosen->aggargtypes = list_make1_oid(type);
    linitial_node(TargetEntry, chosen->args)->expr = reinterpret_cast<Expr *>(column);
    return reinterpret_cast<Node *>(makeFuncExpr(open, call->aggtype, list_make1(chosen), call->aggcollid,
                                                 exprCollation(column), COERCE_IMPLICIT_CAST));
}

Node *visit(Node *node, Extremes *extremes) {
    if (node == nullptr)
        return nullptr;
    if (IsA(node, Aggref) && castNode(Aggref, node)->agglevelsup == 0) {
        Node *replacement = encrypted_extreme(castNode(Aggref, node), extremes->query);
        extremes->all =
            extremes->all && (replacement != nullptr || has_sort_operator(castNode(Aggref, node)->aggfnoid));
        extremes->any = extremes->any || replacement != nullptr;
        return replacement != nullptr ? replacement : node;
    }
    if (IsA(node, Query))
        return node;
    return expression_tree_mutator(node, pg::mutator(visit), extremes);
}

} // namespace

void use_index_for_extremes(Query *query) {
    // The same conditions as PostgreSQL's own: one table, no groups.
    if (!query->hasAggs || query->groupClause != NIL || query->groupingSets != NIL || query->hasWindowFuncs ||
        query->setOperations != nullptr || list_length(query->jointree->fromlist) != 1 ||
        !IsA(linitial(query->jointree->fromlist), RangeTblRef))
        return;
    Extremes extremes{query, true, false};
    auto *targets = reinterpret_cast<List *>(visit(reinterpret_cast<Node *>(query->targetList), &extremes));
    Node *having = visit(query->havingQual, &extremes);
    if (!extremes.all || !extremes.any)
        return;
    query->targetList = targets;
    query->havingQual = having;
}

} // namespace gdpr::encrypted
