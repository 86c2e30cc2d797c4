// One restrictive policy would cost every condition that is not LEAKPROOF its index: lower(email) = …, LIKE, numeric
// =, @>, @@ would all have to wait until the policy has seen each row of the table. So where the policies of a table
// are only the extension's own, and nothing in the statement could tell of a row that is about to be hidden, they
// become ordinary conditions of the query level. They hide the same rows; only the order is free. In any other case
// they stay where PostgreSQL put them.
//
// And new rows are let be: a restricted person's data may be stored (Art. 18(2)), which is why the policy checks none.
// PostgreSQL asks a policy about them all the same wherever a statement also reads, so that INSERT … RETURNING would
// fail where INSERT does not. What a statement returns of a row that it stored is what it stored.
#include "restrict/planner.hpp"

#include "pg/pg.hpp"

namespace gdpr::restriction {

namespace {

planner_hook_type next_planner = nullptr;

bool plain_argument(const Node *node) {
    while (node != nullptr && IsA(node, RelabelType))
        node = reinterpret_cast<const Node *>(reinterpret_cast<const RelabelType *>(node)->arg);
    return node != nullptr && (IsA(node, Var) || IsA(node, Const));
}

/// A call of gdpr.permitted on columns and constants, as apply() writes it.
bool own_condition(const Node *node, Oid schema) {
    if (!IsA(node, FuncExpr))
        return false;
    const auto *call = reinterpret_cast<const FuncExpr *>(node);
    const char *name = get_func_name(call->funcid);
    if (name == nullptr || std::strcmp(name, "permitted") != 0 || get_func_namespace(call->funcid) != schema)
        return false;
    ListCell *cell;
    foreach (cell, call->args)
        if (!plain_argument(static_cast<Node *>(lfirst(cell))))
            return false;
    return true;
}

bool constant_true(const Node *node) {
    const auto *constant = reinterpret_cast<const Const *>(node);
    return IsA(node, Const) && constant->consttype == BOOLOID && !constant->constisnull &&
           DatumGetBool(constant->constvalue);
}

/// Moves the policies of one relation to `place`, if all of them are ours.
void demote(RangeTblEntry *source, Node **place, Oid schema) {
    if (source->rtekind != RTE_RELATION || source->securityQuals == NIL)
        return;
    ListCell *cell;
    foreach (cell, source->securityQuals) {
        const auto *each = static_cast<const Node *>(lfirst(cell));
        if (!constant_true(each) && !own_condition(each, schema))
            return;
    }
    foreach (cell, source->securityQuals) {
        auto *each = static_cast<Node *>(lfirst(cell));
        if (!constant_true(each))
            *place = make_and_qual(*place, each);
    }
    source->securityQuals = NIL;
}

/// Walks the join tree. `place` takes conditions on the relations below: where a row that fails them is dropped, as
/// it would have been by the scan. There is none on a side that an outer join fills with nulls.
void demote_below(const Query *query, Node *node, Node **place, Oid schema) {
    if (node == nullptr)
        return;
    if (IsA(node, RangeTblRef)) {
        if (place != nullptr)
            demote(rt_fetch(reinterpret_cast<RangeTblRef *>(node)->rtindex, query->rtable), place, schema);
    } else if (IsA(node, FromExpr)) {
        auto *from = reinterpret_cast<FromExpr *>(node);
        ListCell *cell;
        foreach (cell, from->fromlist)
            demote_below(query, static_cast<Node *>(lfirst(cell)), &from->quals, schema);
    } else if (IsA(node, JoinExpr)) {
        auto *join = reinterpret_cast<JoinExpr *>(node);
        const bool left_whole = join->jointype == JOIN_INNER || join->jointype == JOIN_LEFT;
        const bool right_whole = join->jointype == JOIN_INNER || join->jointype == JOIN_RIGHT;
        demote_below(query, join->larg, left_whole ? place : nullptr, schema);
        demote_below(query, join->rarg, right_whole ? place : nullptr, schema);
    }
}

void demote_policies(Query *statement, Oid schema) {
    List *queries = NIL;
    if (!discreet(statement, &queries))
        return;
    ListCell *cell;
    foreach (cell, queries) {
        auto *query = static_cast<Query *>(lfirst(cell));
        demote_below(query, reinterpret_cast<Node *>(query->jointree), nullptr, schema);
    }
}

/// The policy's checks of new rows; those of rows that are there already stay.
void let_store(Query *query, Oid schema) {
    ListCell *cell;
    foreach (cell, query->withCheckOptions) {
        const auto *check = static_cast<const WithCheckOption *>(lfirst(cell));
        if ((check->kind == WCO_RLS_INSERT_CHECK || check->kind == WCO_RLS_UPDATE_CHECK) &&
            own_condition(check->qual, schema))
            query->withCheckOptions = foreach_delete_current(query->withCheckOptions, cell);
    }
    foreach (cell, query->cteList)
        if (Node *inner = static_cast<const CommonTableExpr *>(lfirst(cell))->ctequery; IsA(inner, Query))
            let_store(reinterpret_cast<Query *>(inner), schema);
}

PlannedStmt *plan_statement(Query *statement, const char *source, int options, ParamListInfo parameters) {
    const auto next = next_planner != nullptr ? next_planner : standard_planner;
    if (!statement->hasRowSecurity)
        return next(statement, source, options, parameters);
    pg::boundary([&] {
        pg::call([&] {
            if (const Oid schema = get_namespace_oid("gdpr", true); OidIsValid(schema)) {
                let_store(statement, schema);
                demote_policies(statement, schema);
            }
        });
    });
    PlannedStmt *plan = next(statement, source, options, parameters);
    // It does, and by this mark the executor knows where to look for the policies.
    plan->dependsOnRole = true;
    return plan;
}

} // namespace

void init_planner() {
    next_planner = planner_hook;
    planner_hook = plan_statement;
}

} // namespace gdpr::restriction
