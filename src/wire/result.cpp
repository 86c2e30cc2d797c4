// Result columns: the cast to the plain type comes last, above sorting, grouping and DISTINCT, which work on what is
// stored. So nothing decrypted reaches a sort's or a hash's temporary files.
#include "encrypted/type.hpp"
#include "pg/pg.hpp"
#include "wire/wire.hpp"

namespace gdpr::wire {

namespace {

Oid plain_of(const Expr *expression) { return wire::plain_of(exprType(reinterpret_cast<const Node *>(expression))); }

Expr *cast(ParseState *state, Expr *expression, Oid plain) {
    auto *node = reinterpret_cast<Node *>(expression);
    const int32 typmod = exprTypmod(node);
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

bool any_encrypted(List *targets) {
    ListCell *cell;
    foreach (cell, targets) {
        const auto *target = lfirst_node(TargetEntry, cell);
        if (!target->resjunk && OidIsValid(plain_of(target->expr)))
            return true;
    }
    return false;
}

void cast_in_place(ParseState *state, List *targets) {
    ListCell *cell;
    foreach (cell, targets) {
        auto *target = lfirst_node(TargetEntry, cell);
        if (target->resjunk || target->ressortgroupref != 0)
            continue;
        if (const Oid plain = plain_of(target->expr); OidIsValid(plain))
            target->expr = cast(state, target->expr, plain);
    }
}

/// Does the target list feed anything besides the client?
bool feeds_itself(const Query *query) {
    return query->sortClause != NIL || query->groupClause != NIL || query->groupingSets != NIL ||
           query->distinctClause != NIL || query->windowClause != NIL || query->setOperations != nullptr ||
           query->hasTargetSRFs;
}

/// SELECT casts FROM (the query), in place of the query.
void enclose(ParseState *state, Query *query) {
    auto *inner = makeNode(Query);
    *inner = *query;
    inner->canSetTag = false;
    // A statement that only reads is told by its outermost query.
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
        const Oid plain = plain_of(variable);
        TargetEntry *outer = makeTargetEntry(OidIsValid(plain) ? cast(state, variable, plain) : variable,
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
    outer->hasForUpdate = false;
    outer->stmt_location = query->stmt_location;
    outer->stmt_len = query->stmt_len;
    *query = *outer;
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

void retype_results(ParseState *state, Query *query) {
    if (query->commandType != CMD_SELECT) {
        cast_in_place(state, query->returningList);
        return;
    }
    if (!any_encrypted(query->targetList))
        return;
    // What WITH writes must stay in the outermost query; then only columns that nothing else uses can be cast.
    if (feeds_itself(query) && !query->hasModifyingCTE)
        enclose(state, query);
    else
        cast_in_place(state, query->targetList);
}

bool was_retyped(const Query *query) {
    ListCell *cell;
    foreach (cell, query->targetList) {
        const Node *node = reinterpret_cast<Node *>(lfirst_node(TargetEntry, cell)->expr);
        if (IsA(node, ArrayCoerceExpr))
            return true;
        if (IsA(node, RelabelType))
            node = reinterpret_cast<const Node *>(reinterpret_cast<const RelabelType *>(node)->arg);
        if (!IsA(node, FuncExpr))
            continue;
        const auto *call = reinterpret_cast<const FuncExpr *>(node);
        if (call->funcformat == COERCE_IMPLICIT_CAST && list_length(call->args) == 1 &&
            encrypted::plain_counterpart(exprType(static_cast<Node *>(linitial(call->args)))) == call->funcresulttype)
            return true;
    }
    return false;
}

} // namespace gdpr::wire
