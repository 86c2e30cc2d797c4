#include "gate/integrity.hpp"

#include "gate/columns.hpp"
#include "gate/planner.hpp"
#include "pg/pg.hpp"

namespace gdpr::gate {

namespace {

emit_log_hook_type next_emit_log = nullptr;

/// The last error whose detail was looked at and found to be of no gated relation.
std::uint64_t harmless = 0;

bool quotes_rows(const ErrorData *error) {
    const int category = ERRCODE_TO_CATEGORY(error->sqlerrcode);
    return error->elevel >= ERROR && error->detail != nullptr &&
           (category == ERRCODE_TO_CATEGORY(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION) ||
            category == ERRCODE_TO_CATEGORY(ERRCODE_WITH_CHECK_OPTION_VIOLATION));
}

std::uint64_t print_of(const ErrorData *error) {
    return hash_bytes_extended(reinterpret_cast<const unsigned char *>(error->detail),
                               static_cast<int>(std::strlen(error->detail)),
                               static_cast<std::uint64_t>(error->sqlerrcode)) |
           1;
}

void emit(ErrorData *error) {
    // Constraints that are deferred fail at the end of the transaction, outside of any statement.
    if (perhaps_gated() && quotes_rows(error) && print_of(error) != harmless)
        make_discreet(error);
    if (error->elevel >= ERROR)
        harmless = 0;
    if (next_emit_log != nullptr)
        next_emit_log(error);
}

bool plain_operand(const Node *node) {
    while (node != nullptr) {
        if (IsA(node, Var) || IsA(node, Param))
            return true;
        if (IsA(node, RelabelType))
            node = reinterpret_cast<const Node *>(reinterpret_cast<const RelabelType *>(node)->arg);
        else if (IsA(node, FuncExpr) && list_length(reinterpret_cast<const FuncExpr *>(node)->args) == 1 &&
                 reinterpret_cast<const FuncExpr *>(node)->funcformat != COERCE_EXPLICIT_CALL)
            node = static_cast<const Node *>(linitial(reinterpret_cast<const FuncExpr *>(node)->args));
        else
            return false;
    }
    return false;
}

bool in_btree_class(Oid op) {
#if PG_VERSION_NUM >= 180000
    return get_op_index_interpretation(op) != NIL;
#else
    return get_op_btree_interpretation(op) != NIL;
#endif
}

/// Columns compared with parameters by the operators of btree classes, which only superusers define.
bool compares_key(const Node *node) {
    if (node == nullptr)
        return false;
    if (IsA(node, BoolExpr)) {
        const auto *all = reinterpret_cast<const BoolExpr *>(node);
        ListCell *cell;
        foreach (cell, all->args)
            if (!compares_key(static_cast<const Node *>(lfirst(cell))))
                return false;
        return all->boolop == AND_EXPR;
    }
    const auto *comparison = reinterpret_cast<const OpExpr *>(node);
    return IsA(node, OpExpr) && list_length(comparison->args) == 2 &&
           plain_operand(static_cast<const Node *>(linitial(comparison->args))) &&
           plain_operand(static_cast<const Node *>(lsecond(comparison->args))) && in_btree_class(comparison->opno);
}

bool has_form_of_constraint(const Query *query) {
    if (query->cteList != NIL || query->setOperations != nullptr || query->hasSubLinks || query->returningList != NIL ||
        list_length(query->rtable) != 1 || query->jointree == nullptr ||
        linitial_node(RangeTblEntry, query->rtable)->rtekind != RTE_RELATION || !compares_key(query->jointree->quals))
        return false;
    ListCell *cell;
    foreach (cell, query->targetList) {
        const auto *target = lfirst_node(TargetEntry, cell);
        if (!IsA(target->expr, Const) && query->commandType == CMD_SELECT)
            return false;
        if (IsA(target->expr, Var))
            return false;
    }
    return query->commandType == CMD_DELETE || query->commandType == CMD_UPDATE ||
           (query->commandType == CMD_SELECT && query->rowMarks != NIL);
}

} // namespace

bool keeps_integrity(const Query *query) {
    // The rights work so, too; what they set off of the owner's code does not (restrict/owner_code.cpp).
    if (!InNoForceRLSOperation() || error_context_stack == nullptr ||
        !pg::call([&] { return has_form_of_constraint(query); }))
        return false;
    // PostgreSQL's triggers run as the owner of the table they look at.
    const Oid relation = linitial_node(RangeTblEntry, query->rtable)->relid;
    if (pg::relation_owner(relation) != GetUserId())
        return false;
    // They come out of a statement, or its end; a function that words its statement so says in errors that it is there.
    const ErrorContextCallback *around = error_context_stack->previous;
    if (around == nullptr || around->callback == error_context_stack->callback)
        return true;
    if (gated(relation, sight()))
        pg::raise(ERRCODE_INSUFFICIENT_PRIVILEGE,
                  "a gated column of " + pg::relation_name(relation) + " cannot be compared within a constraint",
                  "The statement has the form of a foreign key's, and comes out of a function.",
                  "Commit outside of the function, or have the constraints checked there by SET CONSTRAINTS.");
    return false;
}

bool writes_to_gated(const PlannedStmt *plan) {
    if (plan->commandType == CMD_UTILITY)
        return false;
    const Sight &now = sight();
    ListCell *cell;
    foreach (cell, plan->resultRelations)
        if (gated(static_cast<RangeTblEntry *>(list_nth(plan->rtable, lfirst_int(cell) - 1))->relid, now))
            return true;
    return false;
}

void make_discreet(ErrorData *error) {
    if (!quotes_rows(error))
        return;
    error->detail = nullptr;
    error->detail_log = nullptr;
}

void keep_as_is(const ErrorData *error) {
    if (quotes_rows(error))
        harmless = print_of(error);
}

void init_integrity() {
    next_emit_log = emit_log_hook;
    emit_log_hook = emit;
}

} // namespace gdpr::gate
