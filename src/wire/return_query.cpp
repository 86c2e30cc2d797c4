// RETURN QUERY of PL/pgSQL wants columns of exactly the types that the function declares, and casts none. So where they
// are declared plain, as they were written before the columns were encrypted, the values are decrypted on their way to
// the function's result.
#include "encrypted/type.hpp"
#include "pg/pg.hpp"
#include "pg/plpgsql.hpp"
#include "wire/wire.hpp"

namespace gdpr::wire {

namespace {

ExecutorStart_hook_type next_start = nullptr;
PLpgSQL_plugin *next_plugin = nullptr;

/// A function of PL/pgSQL that runs, and the statement that it is at.
struct Running {
    PLpgSQL_execstate *function;
    const PLpgSQL_stmt *statement;
    int level; // of subtransactions, when it began
};

/// The innermost comes last.
std::vector<Running> running;

// ---- What PL/pgSQL tells ----------------------------------------------------

pg::AtTransactionEnd at_end([](XactEvent event) {
    if (event == XACT_EVENT_ABORT)
        running.clear();
});

void begin_function(PLpgSQL_execstate *function, PLpgSQL_function *compiled) {
    at_end.arm();
    pg::boundary([&] { running.push_back({function, nullptr, GetCurrentTransactionNestLevel()}); });
    if (next_plugin != nullptr && next_plugin->func_beg != nullptr)
        next_plugin->func_beg(function, compiled);
}

void end_function(PLpgSQL_execstate *function, PLpgSQL_function *compiled) {
    if (!running.empty() && running.back().function == function)
        running.pop_back();
    if (next_plugin != nullptr && next_plugin->func_end != nullptr)
        next_plugin->func_end(function, compiled);
}

void begin_statement(PLpgSQL_execstate *function, PLpgSQL_stmt *statement) {
    if (!running.empty() && running.back().function == function)
        running.back().statement = statement;
    if (next_plugin != nullptr && next_plugin->stmt_beg != nullptr)
        next_plugin->stmt_beg(function, statement);
}

void end_statement(PLpgSQL_execstate *function, PLpgSQL_stmt *statement) {
    if (!running.empty() && running.back().function == function)
        running.back().statement = nullptr;
    if (next_plugin != nullptr && next_plugin->stmt_end != nullptr)
        next_plugin->stmt_end(function, statement);
}

void set_up_function(PLpgSQL_execstate *function, PLpgSQL_function *compiled);

/// One for all sessions' functions: PL/pgSQL knows a single plugin, which hands on to the one before.
PLpgSQL_plugin plugin = {set_up_function, begin_function, end_function, begin_statement, end_statement,
                         nullptr,         nullptr,        nullptr,      nullptr,         nullptr};

void set_up_function(PLpgSQL_execstate *function, PLpgSQL_function *compiled) {
    if (next_plugin == nullptr)
        return;
    next_plugin->error_callback = plugin.error_callback;
    next_plugin->assign_expr = plugin.assign_expr;
    next_plugin->assign_value = plugin.assign_value;
    next_plugin->eval_datum = plugin.eval_datum;
    next_plugin->cast_value = plugin.cast_value;
    if (next_plugin->func_setup != nullptr)
        next_plugin->func_setup(function, compiled);
}

/// Functions that an error has ended do not say so.
void subtransaction_ended(SubXactEvent event, SubTransactionId, SubTransactionId, void *) {
    if (event == SUBXACT_EVENT_ABORT_SUB)
        while (!running.empty() && running.back().level >= GetCurrentTransactionNestLevel())
            running.pop_back();
}

// ---- What RETURN QUERY runs -------------------------------------------------

/// The columns with those decrypted that are declared plain; nothing where no column is, or they do not fit anyway.
List *as_declared(List *targets, TupleDesc declared) {
    List *columns = NIL;
    bool any = false;
    ListCell *cell;
    foreach (cell, targets) {
        const auto *target = lfirst_node(TargetEntry, cell);
        if (target->resjunk)
            continue;
        const int place = list_length(columns);
        if (place >= declared->natts || TupleDescAttr(declared, place)->attisdropped)
            return NIL;
        auto *value = reinterpret_cast<Node *>(target->expr);
        const Oid type = exprType(value), wanted = TupleDescAttr(declared, place)->atttypid;
        auto *column = reinterpret_cast<Expr *>(
            makeVar(OUTER_VAR, target->resno, type, exprTypmod(value), exprCollation(value), 0));
        if (type != wanted) {
            if (plain_of(type) != wanted)
                return NIL;
            any = true;
            column = to_plain(nullptr, column);
        }
        columns = lappend(columns, makeTargetEntry(column, static_cast<AttrNumber>(place + 1), target->resname, false));
    }
    return any && list_length(columns) == declared->natts ? columns : NIL;
}

PlannedStmt *with_columns(PlannedStmt *planned, List *columns) {
    Result *node = makeNode(Result);
    Plan *plan = &node->plan, *below = planned->planTree;
    plan->startup_cost = below->startup_cost;
    plan->total_cost = below->total_cost;
    plan->plan_rows = below->plan_rows;
    plan->plan_width = below->plan_width;
    plan->plan_node_id = -1; // it is never sent to a worker
    plan->lefttree = below;
    plan->targetlist = columns;
    plan->extParam = bms_copy(below->extParam);
    plan->allParam = bms_copy(below->allParam);
    auto *copy = makeNode(PlannedStmt);
    *copy = *planned;
    copy->planTree = plan;
    return copy;
}

/// What RETURN QUERY runs itself goes to a tuplestore; what it calls runs statements of its own.
void start(QueryDesc *query, int flags) {
    if (!running.empty() && query->dest != nullptr && query->dest->mydest == DestTuplestore) {
        const Running &last = running.back();
        if (last.statement != nullptr && last.statement->cmd_type == PLPGSQL_STMT_RETURN_QUERY &&
            last.function->tuple_store_desc != nullptr)
            if (List *columns = as_declared(query->plannedstmt->planTree->targetlist, last.function->tuple_store_desc))
                query->plannedstmt = with_columns(query->plannedstmt, columns);
    }
    (next_start != nullptr ? next_start : standard_ExecutorStart)(query, flags);
}

} // namespace

void init_return_query() {
    auto **known = reinterpret_cast<PLpgSQL_plugin **>(find_rendezvous_variable("PLpgSQL_plugin"));
    next_plugin = *known;
    *known = &plugin;
    next_start = ExecutorStart_hook;
    ExecutorStart_hook = start;
    RegisterSubXactCallback(subtransaction_ended, nullptr);
}

} // namespace gdpr::wire
