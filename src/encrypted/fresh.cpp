// One encrypted constant is one ciphertext. A statement that stores it in many rows, or is run many times, would show
// which rows hold the same value: so what is stored is sealed anew for each row.
#include "encrypted/rewrite.hpp"
#include "encrypted/type.hpp"
#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

Oid function_between(Oid target, Oid source) {
    Oid function = InvalidOid;
    return find_coercion_pathway(target, source, COERCION_ASSIGNMENT, &function) == COERCION_PATH_FUNC ? function
                                                                                                       : InvalidOid;
}

bool column_repeats(const Query *query, AttrNumber column);

bool is_encrypted(const Node *node) { return OidIsValid(plain_counterpart(getBaseType(exprType(node)))); }

/// May this expression give the same ciphertext twice, because a constant or a parameter goes through it unchanged?
bool repeats(const Node *node, const Query *query) {
    if (node == nullptr)
        return false;
    const auto any = [&](const List *nodes) {
        ListCell *cell;
        foreach (cell, nodes)
            if (repeats(static_cast<const Node *>(lfirst(cell)), query))
                return true;
        return false;
    };
    switch (nodeTag(node)) {
    case T_Const:
        return !reinterpret_cast<const Const *>(node)->constisnull && is_encrypted(node);
    case T_Param:
        return is_encrypted(node);
    case T_RelabelType:
        return repeats(reinterpret_cast<Node *>(reinterpret_cast<const RelabelType *>(node)->arg), query);
    case T_CollateExpr:
        return repeats(reinterpret_cast<Node *>(reinterpret_cast<const CollateExpr *>(node)->arg), query);
    case T_CoerceToDomain:
        return repeats(reinterpret_cast<Node *>(reinterpret_cast<const CoerceToDomain *>(node)->arg), query);
    case T_FuncExpr: {
        // A length or precision that the value has already leaves it as it is.
        const auto *call = reinterpret_cast<const FuncExpr *>(node);
        return call->funcformat != COERCE_EXPLICIT_CALL && call->args != NIL &&
               exprType(static_cast<Node *>(linitial(call->args))) == call->funcresulttype &&
               repeats(static_cast<Node *>(linitial(call->args)), query);
    }
    case T_CoalesceExpr:
        return any(reinterpret_cast<const CoalesceExpr *>(node)->args);
    case T_MinMaxExpr:
        return any(reinterpret_cast<const MinMaxExpr *>(node)->args);
    case T_CaseExpr: {
        const auto *choice = reinterpret_cast<const CaseExpr *>(node);
        ListCell *cell;
        foreach (cell, choice->args)
            if (repeats(reinterpret_cast<Node *>(lfirst_node(CaseWhen, cell)->result), query))
                return true;
        return repeats(reinterpret_cast<Node *>(choice->defresult), query);
    }
    case T_Var: {
        const auto *var = reinterpret_cast<const Var *>(node);
        if (var->varlevelsup != 0 || var->varattno <= 0 || var->varno > list_length(query->rtable))
            return false;
        const RangeTblEntry *entry = rt_fetch(var->varno, query->rtable);
        if (entry->rtekind == RTE_SUBQUERY)
            return column_repeats(entry->subquery, var->varattno);
        if (entry->rtekind != RTE_VALUES)
            return false;
        ListCell *cell;
        foreach (cell, entry->values_lists)
            if (repeats(static_cast<Node *>(list_nth(lfirst_node(List, cell), var->varattno - 1)), query))
                return true;
        return false;
    }
    default:
        return false;
    }
}

bool column_repeats(const Query *query, AttrNumber column) {
    const TargetEntry *target = get_tle_by_resno(query->targetList, column);
    if (query->setOperations == nullptr)
        return target != nullptr && repeats(reinterpret_cast<Node *>(target->expr), query);
    ListCell *cell;
    foreach (cell, query->rtable) {
        const auto *branch = lfirst_node(RangeTblEntry, cell);
        if (branch->rtekind == RTE_SUBQUERY && column_repeats(branch->subquery, column))
            return true;
    }
    return false;
}

Node *anew(Node *value, const Query *query) {
    if (IsA(value, CoerceToDomain)) {
        auto *domain = castNode(CoerceToDomain, value);
        domain->arg = reinterpret_cast<Expr *>(anew(reinterpret_cast<Node *>(domain->arg), query));
        return value;
    }
    const Oid type = exprType(value);
    int32 modifier = -1;
    const Oid encrypted = getBaseTypeAndTypmod(type, &modifier), plain = plain_counterpart(encrypted);
    if (!OidIsValid(plain) || !repeats(value, query))
        return value;
    const Oid open = function_between(plain, encrypted), seal = function_between(encrypted, plain);
    if (!OidIsValid(open) || !OidIsValid(seal))
        return value;
    const Oid collation = exprCollation(value);
    if (type != encrypted)
        value = reinterpret_cast<Node *>(
            makeRelabelType(reinterpret_cast<Expr *>(value), encrypted, -1, collation, COERCE_IMPLICIT_CAST));
    // Of a constant the planner opens it once; sealing is volatile, and done for each row.
    FuncExpr *opened = makeFuncExpr(open, plain, list_make1(value), collation, collation, COERCE_IMPLICIT_CAST);
    auto *sealed = reinterpret_cast<Node *>(
        makeFuncExpr(seal, encrypted, list_make1(opened), collation, collation, COERCE_IMPLICIT_CAST));
    return type == encrypted ? sealed
                             : coerce_to_domain(sealed, encrypted, modifier, type, COERCION_IMPLICIT,
                                                COERCE_IMPLICIT_CAST, -1, false);
}

void seal_targets(List *targets, const Query *query) {
    ListCell *cell;
    foreach (cell, targets) {
        auto *target = lfirst_node(TargetEntry, cell);
        if (!target->resjunk && target->expr != nullptr)
            target->expr = reinterpret_cast<Expr *>(anew(reinterpret_cast<Node *>(target->expr), query));
    }
}

} // namespace

void seal_anew(Query *statement) {
    if (statement->commandType == CMD_INSERT || statement->commandType == CMD_UPDATE)
        seal_targets(statement->targetList, statement);
    if (statement->onConflict != nullptr)
        seal_targets(statement->onConflict->onConflictSet, statement);
    ListCell *cell;
    foreach (cell, statement->mergeActionList)
        seal_targets(lfirst_node(MergeAction, cell)->targetList, statement);
}

} // namespace gdpr::encrypted
