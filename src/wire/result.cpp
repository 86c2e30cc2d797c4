// Result columns: the cast to the plain type comes last, above sorting, grouping and DISTINCT, which work on what is
// stored. So nothing decrypted reaches a sort's or a hash's temporary files.
#include "encrypted/type.hpp"
#include "pg/pg.hpp"
#include "pg/tree.hpp"
#include "wire/wire.hpp"

namespace gdpr::wire {

namespace {

Oid plain_of(const Expr *expression) { return wire::plain_of(exprType(reinterpret_cast<const Node *>(expression))); }

Expr *cast(ParseState *state, Expr *expression, Oid plain, int32 typmod) {
    auto *node = reinterpret_cast<Node *>(expression);
    const Oid collation = exprCollation(node);
    Node *out = coerce_type(state, node, exprType(node), plain, -1, COERCION_IMPLICIT, COERCE_IMPLICIT_CAST, -1);
    assign_expr_collations(state, out);
    // The column's length or precision is part of what the client is told.
    if (typmod >= 0)
        out = reinterpret_cast<Node *>(makeRelabelType(reinterpret_cast<Expr *>(out), plain, typmod,
                                                       OidIsValid(collation) ? collation : get_typcollation(plain),
                                                       COERCE_IMPLICIT_CAST));
    return reinterpret_cast<Expr *>(out);
}

/// A row made on the spot has no type of its own: in binary form it tells the types of its fields.
bool is_made_row(const Expr *expression) {
    return IsA(expression, RowExpr) && reinterpret_cast<const RowExpr *>(expression)->row_typeid == RECORDOID;
}

bool bears_encrypted(const Expr *expression) {
    if (!is_made_row(expression))
        return OidIsValid(plain_of(expression));
    ListCell *cell;
    foreach (cell, reinterpret_cast<const RowExpr *>(expression)->args)
        if (bears_encrypted(static_cast<Expr *>(lfirst(cell))))
            return true;
    return false;
}

} // namespace

Expr *to_plain(ParseState *state, Expr *expression) {
    if (!bears_encrypted(expression))
        return expression;
    if (IsA(expression, NullIfExpr)) // It is an operator's operand that comes out: text, where that is varchar.
        return cast(state, expression, operand_of(plain_of(expression)), -1);
    if (!is_made_row(expression))
        return cast(state, expression, plain_of(expression), exprTypmod(reinterpret_cast<Node *>(expression)));
    auto *row = makeNode(RowExpr);
    *row = *reinterpret_cast<RowExpr *>(expression);
    List *fields = NIL;
    ListCell *cell;
    foreach (cell, row->args)
        fields = lappend(fields, to_plain(state, static_cast<Expr *>(lfirst(cell))));
    row->args = fields;
    return reinterpret_cast<Expr *>(row);
}

namespace {

bool any_encrypted(List *targets) {
    ListCell *cell;
    foreach (cell, targets) {
        const auto *target = lfirst_node(TargetEntry, cell);
        if (!target->resjunk && bears_encrypted(target->expr))
            return true;
    }
    return false;
}

void cast_in_place(ParseState *state, List *targets) {
    ListCell *cell;
    foreach (cell, targets) {
        auto *target = lfirst_node(TargetEntry, cell);
        if (!target->resjunk)
            target->expr = to_plain(state, target->expr);
    }
}

/// Does the target list feed anything besides the client?
bool feeds_itself(const Query *query) {
    return query->sortClause != NIL || query->groupClause != NIL || query->groupingSets != NIL ||
           query->distinctClause != NIL || query->windowClause != NIL || query->setOperations != nullptr ||
           query->hasTargetSRFs;
}

struct Depth {
    Index levels;
};

/// What named the query's own WITH from any depth now names that of the query around it.
bool look_one_further(Node *node, Depth *depth) {
    if (node == nullptr)
        return false;
    if (IsA(node, RangeTblEntry)) {
        auto *entry = reinterpret_cast<RangeTblEntry *>(node);
        if (entry->rtekind == RTE_CTE && entry->ctelevelsup == depth->levels)
            entry->ctelevelsup++;
        return false;
    }
    if (IsA(node, Query)) {
        Depth deeper{depth->levels + 1};
        return query_tree_walker(reinterpret_cast<Query *>(node), pg::walker(look_one_further), &deeper,
                                 QTW_EXAMINE_RTES_BEFORE);
    }
    return expression_tree_walker(node, pg::walker(look_one_further), depth);
}

/// SELECT casts FROM (the query), in place of the query.
void enclose(ParseState *state, Query *query) {
    auto *inner = makeNode(Query);
    *inner = *query;
    inner->canSetTag = false;
    List *names = NIL, *targets = NIL;
    ListCell *cell;
    foreach (cell, inner->targetList) {
        const auto *target = lfirst_node(TargetEntry, cell);
        if (!target->resjunk)
            names = lappend(names, makeString(pstrdup(target->resname != nullptr ? target->resname : "?column?")));
    }
    auto *entry = makeNode(RangeTblEntry);
    entry->rtekind = RTE_SUBQUERY;
    entry->subquery = inner;
    entry->alias = makeAlias("q", NIL);
    entry->eref = makeAlias("q", names);
    entry->inFromCl = true;
    foreach (cell, inner->targetList) {
        const auto *target = lfirst_node(TargetEntry, cell);
        if (target->resjunk)
            continue;
        auto *variable = reinterpret_cast<Expr *>(makeVarFromTargetEntry(1, const_cast<TargetEntry *>(target)));
        TargetEntry *outer = makeTargetEntry(to_plain(state, variable),
                                             static_cast<AttrNumber>(list_length(targets) + 1), target->resname, false);
        outer->resorigtbl = target->resorigtbl;
        outer->resorigcol = target->resorigcol;
        targets = lappend(targets, outer);
    }
    auto *reference = makeNode(RangeTblRef);
    reference->rtindex = 1;
    auto *outer = makeNode(Query);
    outer->commandType = CMD_SELECT;
    outer->querySource = query->querySource;
    outer->queryId = query->queryId;
    outer->canSetTag = query->canSetTag;
    outer->rtable = list_make1(entry);
    outer->jointree = makeFromExpr(list_make1(reference), nullptr);
    outer->targetList = targets;
    // What WITH writes must stay in the outermost query.
    if (inner->hasModifyingCTE) {
        outer->hasModifyingCTE = true;
        outer->hasRecursive = inner->hasRecursive;
        outer->cteList = inner->cteList;
        inner->hasModifyingCTE = inner->hasRecursive = false;
        inner->cteList = NIL;
        Depth own{0};
        (void)query_tree_walker(inner, pg::walker(look_one_further), &own, QTW_EXAMINE_RTES_BEFORE);
    }
    outer->stmt_location = query->stmt_location;
    outer->stmt_len = query->stmt_len;
    *query = *outer;
}

/// Did to_plain make it?
bool is_cast(const Expr *expression) {
    if (is_made_row(expression)) {
        ListCell *cell;
        foreach (cell, reinterpret_cast<const RowExpr *>(expression)->args)
            if (is_cast(static_cast<Expr *>(lfirst(cell))))
                return true;
        return false;
    }
    if (IsA(expression, RelabelType))
        expression = reinterpret_cast<const RelabelType *>(expression)->arg;
    const Expr *argument = nullptr;
    if (IsA(expression, ArrayCoerceExpr))
        argument = reinterpret_cast<const ArrayCoerceExpr *>(expression)->arg;
    else if (IsA(expression, FuncExpr) &&
             reinterpret_cast<const FuncExpr *>(expression)->funcformat == COERCE_IMPLICIT_CAST &&
             list_length(reinterpret_cast<const FuncExpr *>(expression)->args) == 1)
        argument = static_cast<Expr *>(linitial(reinterpret_cast<const FuncExpr *>(expression)->args));
    return argument != nullptr && OidIsValid(plain_of(argument)) &&
           operand_of(plain_of(argument)) == operand_of(exprType(reinterpret_cast<const Node *>(expression)));
}

} // namespace

Oid plain_of(Oid type) {
    if (type < FirstNormalObjectId)
        return InvalidOid;
    const Oid element = get_element_type(type);
    if (!OidIsValid(element))
        return encrypted::plain_counterpart(type);
    const Oid plain = encrypted::plain_counterpart(element);
    return OidIsValid(plain) ? get_array_type(plain) : InvalidOid;
}

Oid operand_of(Oid plain) {
    if (const Oid element = get_element_type(plain); OidIsValid(element))
        return get_array_type(operand_of(element));
    return encrypted::operand_of(plain);
}

void retype_results(ParseState *state, Query *query) {
    if (query->commandType != CMD_SELECT) {
        cast_in_place(state, query->returningList);
        return;
    }
    if (!any_encrypted(query->targetList))
        return;
    if (feeds_itself(query))
        enclose(state, query);
    else
        cast_in_place(state, query->targetList);
}

bool was_retyped(const Query *query) {
    ListCell *cell;
    foreach (cell, query->commandType == CMD_SELECT ? query->targetList : query->returningList)
        if (is_cast(lfirst_node(TargetEntry, cell)->expr))
            return true;
    return false;
}

} // namespace gdpr::wire
