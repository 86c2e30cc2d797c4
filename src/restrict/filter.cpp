// A policy is asked about every row that a query touches, and a function call a row costs as much as reading it. So
// when a plan starts, the conditions of a scan that hold gdpr.permitted() get an evaluation of our own
// (evaluation.cpp): it reads the column and looks into the set, and leaves the other conditions to PostgreSQL. The plan
// itself stays as it is, and so does the function in whatever runs without this (rechecks of updated rows, other nodes
// than scans, a library that came late): nothing but speed depends on what is done here.
#include "restrict/filter.hpp"

#include "pg/function.hpp"
#include "pg/pg.hpp"
#include "pg/tree.hpp"
#include "restrict/evaluation.hpp"
#include "restrict/policy.hpp"

namespace gdpr::restriction {

namespace {

ExecutorStart_hook_type next_start = nullptr;
ExecutorRun_hook_type next_run = nullptr;

std::uint64_t runs = 0;

pg::OwnFunction predicate("permitted", ANYOID);

/// The call among a scan's conditions, if all that it asks about are columns of the row.
FuncExpr *predicate_among(List *conditions) {
    ListCell *cell;
    foreach (cell, conditions) {
        auto *call = static_cast<FuncExpr *>(lfirst(cell));
        if (!IsA(call, FuncExpr) || call->funcid != predicate.found())
            continue;
        const auto *relation = static_cast<const Node *>(linitial(call->args));
        if (!IsA(relation, Const) || reinterpret_cast<const Const *>(relation)->constisnull)
            return nullptr;
        for (int i = 1; i < list_length(call->args); i++) {
            const auto *column = static_cast<const Var *>(list_nth(call->args, i));
            if (!IsA(column, Var) || column->varno == OUTER_VAR || column->varno == INNER_VAR || column->varattno <= 0)
                return nullptr;
        }
        return call;
    }
    return nullptr;
}

/// Judges are made for an execution and kept for the next: most have learnt what they need, and stay right.
std::map<Oid, std::vector<std::unique_ptr<Judge>>> *idle = nullptr;
constexpr std::size_t most_idle = 4; // of one relation

std::unique_ptr<Judge> take_judge(Oid relation, const std::vector<AttrNumber> &columns) {
    if (idle == nullptr)
        idle = new std::map<Oid, std::vector<std::unique_ptr<Judge>>>;
    auto &known = (*idle)[relation];
    known.reserve(most_idle); // putting one back cannot fail
    while (!known.empty()) {
        std::unique_ptr<Judge> judge = std::move(known.back());
        known.pop_back();
        if (judge->columns() == columns)
            return judge;
    }
    return std::make_unique<Judge>(relation, columns);
}

void put_back(void *argument) {
    std::unique_ptr<Judge> judge(static_cast<Judge *>(argument));
    if (const auto known = idle->find(judge->relation()); known != idle->end() && known->second.size() < most_idle) {
        judge->rest();
        known->second.push_back(std::move(judge));
    }
}

AttrNumber column_of(const FuncExpr *call, int place) {
    return static_cast<const Var *>(list_nth(call->args, place))->varattno;
}

/// A scan whose conditions were set aside while its plan starts, so that PostgreSQL does not prepare the call of a
/// function that is not going to be called: for a point lookup that costs more than the answer.
struct SetAside {
    FuncExpr *call;
    List *whole;
};
using AllSetAside = std::map<Plan *, SetAside>;
AllSetAside *set_aside = nullptr; // by the innermost plan that is starting

void restore(AllSetAside &all) {
    for (const auto &[plan, each] : all)
        plan->qual = each.whole;
}

/// Of the conditions, those before the call. Where the planner puts others first, they may be asked of hidden rows (see
/// planner.cpp), and are cheaper.
List *conditions_before(const List *whole, const FuncExpr *call) {
    List *before = NIL;
    ListCell *cell;
    foreach (cell, whole) {
        if (lfirst(cell) == call)
            break;
        before = lappend(before, lfirst(cell));
    }
    return before;
}

List *conditions_after(const List *whole, const FuncExpr *call) {
    List *after = NIL;
    bool met = false;
    ListCell *cell;
    foreach (cell, whole) {
        if (met)
            after = lappend(after, lfirst(cell));
        met = met || lfirst(cell) == call;
    }
    return after;
}

void set_aside_below(Plan *plan, AllSetAside &all);

void set_aside_in(List *plans, AllSetAside &all) {
    ListCell *cell;
    foreach (cell, plans)
        set_aside_below(static_cast<Plan *>(lfirst(cell)), all);
}

/// A sequential scan chooses how it runs by whether it has conditions; and needs no such haste.
void set_aside_below(Plan *plan, AllSetAside &all) {
    if (plan == nullptr)
        return;
    switch (nodeTag(plan)) {
    case T_IndexScan:
    case T_IndexOnlyScan:
    case T_BitmapHeapScan:
    case T_TidScan:
    case T_TidRangeScan:
        if (FuncExpr *call = predicate_among(plan->qual); call != nullptr) {
            List *before = pg::call([&] { return conditions_before(plan->qual, call); });
            all.emplace(plan, SetAside{call, plan->qual});
            plan->qual = before;
        }
        break;
    case T_Append:
        set_aside_in(reinterpret_cast<Append *>(plan)->appendplans, all);
        break;
    case T_MergeAppend:
        set_aside_in(reinterpret_cast<MergeAppend *>(plan)->mergeplans, all);
        break;
    case T_SubqueryScan:
        set_aside_below(reinterpret_cast<SubqueryScan *>(plan)->subplan, all);
        break;
    default:
        break;
    }
    set_aside_below(plan->lefttree, all);
    set_aside_below(plan->righttree, all);
}

/// `known`: where the conditions were set aside, node->qual is those before the call.
void attach(PlanState *node, FuncExpr *call, const SetAside *known, MemoryContext context) {
    const Oid relation = DatumGetObjectId(static_cast<Const *>(linitial(call->args))->constvalue);
    // By the relation's own numbers: the row at hand may be a partition's, or an index's.
    std::unique_ptr<Judge> judge = take_judge(relation, columns_passed(relation, list_length(call->args) - 1));
    Filter *filter = pg::call([&] {
        MemoryContext previous = MemoryContextSwitchTo(context);
        const int count = list_length(call->args) - 1;
        auto *made = static_cast<Filter *>(
            palloc0(offsetof(Filter, columns) + sizeof(AttrNumber) * static_cast<std::size_t>(count)));
        NodeSetTag(&made->state, T_ExprState);
        made->state.flags = EEO_FLAG_IS_QUAL;
        made->state.expr = reinterpret_cast<Expr *>(node->plan->qual);
        made->state.parent = node;
        const List *whole = known != nullptr ? known->whole : node->plan->qual;
        made->before = known != nullptr ? node->qual : ExecInitQual(conditions_before(whole, call), node);
        made->after = ExecInitQual(conditions_after(whole, call), node);
        start_evaluation(made);
        made->count = count;
        for (int i = 0; i < count; i++)
            made->columns[i] = column_of(call, i + 1);
        auto *callback = static_cast<MemoryContextCallback *>(palloc0(sizeof(MemoryContextCallback)));
        callback->func = put_back;
        callback->arg = judge.get();
        MemoryContextRegisterResetCallback(context, callback);
        MemoryContextSwitchTo(previous);
        return made;
    });
    filter->judge = judge.release();
    node->qual = &filter->state;
    if (IsA(node, SeqScanState) && filter->before == nullptr && filter->after == nullptr) {
        filter->whole = node->ExecProcNodeReal;
        pg::call([&] { ExecSetExecProcNode(node, scan_rows); });
    }
}

struct Attaching {
    MemoryContext context;
    const AllSetAside *all;
};

bool attach_below(PlanState *node, Attaching *attaching) {
    if (node == nullptr)
        return false;
    switch (nodeTag(node)) {
    case T_SeqScanState:
    case T_SampleScanState:
    case T_IndexScanState:
    case T_IndexOnlyScanState:
    case T_BitmapHeapScanState:
    case T_TidScanState:
    case T_TidRangeScanState:
        if (const auto known = attaching->all->find(node->plan); known != attaching->all->end())
            attach(node, known->second.call, &known->second, attaching->context);
        else if (node->qual != nullptr)
            if (FuncExpr *call = predicate_among(node->plan->qual); call != nullptr)
                attach(node, call, nullptr, attaching->context);
        break;
    default:
        break;
    }
    return planstate_tree_walker(node, pg::plan_walker(attach_below), attaching);
}

void start_guarded(QueryDesc *query, int flags) {
    const auto next = next_start != nullptr ? next_start : standard_ExecutorStart;
    AllSetAside all;
    // The plan may be a kept one, and be run within its own start: by a function that chooses partitions. That run, and
    // what of ours has not started yet, have all conditions.
    if (set_aside != nullptr)
        restore(*set_aside);
    AllSetAside *const outer = std::exchange(set_aside, &all);
    const PlannedStmt *statement = query->plannedstmt;
    try {
        set_aside_below(statement->planTree, all);
        set_aside_in(statement->subplans, all);
        pg::call([&] { next(query, flags); });
    } catch (...) {
        restore(all);
        set_aside = outer;
        throw;
    }
    restore(all);
    set_aside = outer;
    Attaching attaching{query->estate->es_query_cxt, &all};
    (void)attach_below(query->planstate, &attaching);
}

[[gnu::noinline]] void start_role_dependent(QueryDesc *query, int flags) {
    if ((flags & EXEC_FLAG_EXPLAIN_ONLY) == 0 && OidIsValid(predicate.id()))
        pg::boundary([&] { start_guarded(query, flags); });
    else
        (next_start != nullptr ? next_start : standard_ExecutorStart)(query, flags);
}

void start(QueryDesc *query, int flags) {
    // See planner.cpp; a worker's plan has lost the mark.
    if (query->plannedstmt->dependsOnRole || IsParallelWorker())
        start_role_dependent(query, flags);
    else
        (next_start != nullptr ? next_start : standard_ExecutorStart)(query, flags);
}

#if PG_VERSION_NUM >= 180000
#define GDPR_RUN_ARGUMENTS QueryDesc *query, ScanDirection direction, uint64 count
#define GDPR_RUN_VALUES query, direction, count
#else
#define GDPR_RUN_ARGUMENTS QueryDesc *query, ScanDirection direction, uint64 count, bool once
#define GDPR_RUN_VALUES query, direction, count, once
#endif

constexpr std::uint64_t no_run = 0;

/// The transaction of the outermost run. A run that failed leaves its number behind, for as long as that lasts.
LocalTransactionId outermost = InvalidLocalTransactionId;

LocalTransactionId transaction_now() noexcept {
#if PG_VERSION_NUM >= 170000
    return MyProc->vxid.lxid;
#else
    return MyProc->lxid;
#endif
}

/// One within another.
[[gnu::noinline]] void run_inner(GDPR_RUN_ARGUMENTS) {
    const std::uint64_t outer = current_run();
    set_current_run(++runs);
    PG_TRY();
    { (next_run != nullptr ? next_run : standard_ExecutorRun)(GDPR_RUN_VALUES); }
    PG_FINALLY();
    { set_current_run(outer); }
    PG_END_TRY();
}

/// Numbers the runs. A statement inside another has its own, and leaves the outer one's as it was: within one run the
/// answers do not change.
void run_plan(GDPR_RUN_ARGUMENTS) {
    if (current_run() != no_run && outermost == transaction_now())
        return run_inner(GDPR_RUN_VALUES);
    outermost = transaction_now();
    set_current_run(++runs);
    (next_run != nullptr ? next_run : standard_ExecutorRun)(GDPR_RUN_VALUES);
    set_current_run(no_run);
}

} // namespace

void init_filter() {
    next_start = ExecutorStart_hook;
    ExecutorStart_hook = start;
    next_run = ExecutorRun_hook;
    ExecutorRun_hook = run_plan;
}

} // namespace gdpr::restriction
