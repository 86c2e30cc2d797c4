// A policy is asked about every row that a query touches, and a function call a row costs as much as reading it. So
// when a plan starts, the conditions of a scan that hold gdpr.permitted() get an evaluation of our own: it reads the
// column and looks into the set, and leaves the other conditions to PostgreSQL. The plan itself stays as it is, and so
// does the function in whatever runs without this (rechecks of updated rows, other nodes than scans, a library that
// came late): nothing but speed depends on what is done here.
#include "restrict/filter.hpp"

#include "pg/function.hpp"
#include "pg/pg.hpp"
#include "pg/tree.hpp"
#include "restrict/judge.hpp"
#include "restrict/policy.hpp"

namespace gdpr::restriction {

namespace {

ExecutorStart_hook_type next_start = nullptr;
ExecutorRun_hook_type next_run = nullptr;

std::uint64_t runs = 0;
std::uint64_t run = 0; // the innermost under way

pg::OwnFunction predicate("permitted", ANYOID);

/// What stands for the conditions of one scan. PostgreSQL calls it through its first member.
struct Filter {
    ExprState state;
    ExprState *before, *after; // the other conditions, as the planner ordered them; null where there are none
    Judge *judge;
    std::uint64_t run;
    const Keys *keys;  // where a single column decides
    AttrNumber column; // that column
    int count;         // of the columns
    AttrNumber columns[FLEXIBLE_ARRAY_MEMBER];
};

/// Where a column of the row at hand lies, if that is at a place which all rows have in common: then the row need not
/// be taken apart for it.
inline const char *fixed_place(TupleTableSlot *slot, AttrNumber number) {
    if (number <= slot->tts_nvalid || !TTS_IS_BUFFERTUPLE(slot))
        return nullptr;
    const HeapTuple tuple = reinterpret_cast<BufferHeapTupleTableSlot *>(slot)->base.tuple;
#if PG_VERSION_NUM >= 180000
    const CompactAttribute *form = TupleDescCompactAttr(slot->tts_tupleDescriptor, number - 1);
#else
    const Form_pg_attribute form = TupleDescAttr(slot->tts_tupleDescriptor, number - 1);
#endif
    if (tuple == nullptr || HeapTupleHasNulls(tuple) || form->attcacheoff < 0 ||
        number > HeapTupleHeaderGetNatts(tuple->t_data))
        return nullptr;
    return reinterpret_cast<const char *>(tuple->t_data) + tuple->t_data->t_hoff + form->attcacheoff;
}

bool permitted_all(Filter *, TupleTableSlot *) { return true; }

bool permitted_asked(Filter *filter, TupleTableSlot *slot);

/// A single column decides, and holds integers ...
template <typename Number> bool permitted_by_number(Filter *filter, TupleTableSlot *slot) {
    if (const char *place = fixed_place(slot, filter->column); place != nullptr)
        return !filter->keys->contains(std::int64_t{*reinterpret_cast<const Number *>(place)});
    bool null;
    const Datum value = slot_getattr(slot, filter->column, &null);
    return null || !filter->keys->contains(std::int64_t{static_cast<Number>(value)});
}

/// ... or texts and the like.
template <Oid type> bool permitted_by_bytes(Filter *filter, TupleTableSlot *slot) {
    const char *bytes = fixed_place(slot, filter->column);
    if (bytes == nullptr) {
        bool null;
        bytes = DatumGetPointer(slot_getattr(slot, filter->column, &null));
        if (null)
            return true;
    }
    if constexpr (type == UUIDOID)
        return !filter->keys->contains(std::string_view(bytes, UUID_LEN));
    // What lies elsewhere or is compressed must be fetched, which can fail.
    if (VARATT_IS_EXTENDED(bytes) && !VARATT_IS_SHORT(bytes))
        return permitted_asked(filter, slot);
    return !filter->keys->contains({VARDATA_ANY(bytes), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(bytes))});
}

template <bool (*permitted)(Filter *, TupleTableSlot *)>
Datum evaluate(ExprState *state, ExprContext *context, bool *null);
template <bool (*permitted)(Filter *, TupleTableSlot *)>
Datum evaluate_alone(ExprState *state, ExprContext *context, bool *null);

template <bool (*permitted)(Filter *, TupleTableSlot *)> ExprStateEvalFunc evaluation(const Filter *filter) {
    return filter->before == nullptr && filter->after == nullptr ? evaluate_alone<permitted> : evaluate<permitted>;
}

ExprStateEvalFunc shortcut(const Filter *filter) {
    if (filter->judge->all())
        return evaluation<permitted_all>(filter);
    if (filter->keys == nullptr)
        return evaluation<permitted_asked>(filter);
    switch (filter->judge->only_way().form.type()) {
    case INT2OID:
        return evaluation<permitted_by_number<std::int16_t>>(filter);
    case INT4OID:
        return evaluation<permitted_by_number<std::int32_t>>(filter);
    case INT8OID:
        return evaluation<permitted_by_number<std::int64_t>>(filter);
    case UUIDOID:
        return evaluation<permitted_by_bytes<UUIDOID>>(filter);
    default:
        return evaluation<permitted_by_bytes<TEXTOID>>(filter);
    }
}

void take_shortcut(Filter *filter) {
    filter->keys = filter->judge->only_keys();
    if (filter->keys != nullptr)
        filter->column = filter->columns[filter->judge->only_way().argument];
    filter->state.evalfunc = shortcut(filter);
}

/// Takes in what has changed, and answers for the row at hand.
[[gnu::noinline]] Datum start_over(ExprState *state, ExprContext *context, bool *null) {
    auto *filter = reinterpret_cast<Filter *>(state);
    pg::boundary([&] {
        filter->judge->renew();
        take_shortcut(filter);
        filter->run = run;
    });
    return state->evalfunc(state, context, null);
}

bool permitted_asked(Filter *filter, TupleTableSlot *slot) {
    NullableDatum values[MaxHeapAttributeNumber];
    for (int i = 0; i < filter->count; i++)
        values[i].value = slot_getattr(slot, filter->columns[i], &values[i].isnull);
    return pg::boundary([&] {
        const bool permitted = filter->judge->permitted(values);
        take_shortcut(filter);
        return permitted;
    });
}

template <bool (*permitted)(Filter *, TupleTableSlot *)>
Datum evaluate(ExprState *state, ExprContext *context, bool *null) {
    auto *filter = reinterpret_cast<Filter *>(state);
    if (filter->run != run)
        return start_over(state, context, null);
    *null = false;
    if (filter->before != nullptr && !DatumGetBool(filter->before->evalfunc(filter->before, context, null)))
        return BoolGetDatum(false);
    if (!permitted(filter, context->ecxt_scantuple))
        return BoolGetDatum(false);
    return filter->after != nullptr ? filter->after->evalfunc(filter->after, context, null) : BoolGetDatum(true);
}

/// The same where the scan has no other conditions.
template <bool (*permitted)(Filter *, TupleTableSlot *)>
Datum evaluate_alone(ExprState *state, ExprContext *context, bool *null) {
    auto *filter = reinterpret_cast<Filter *>(state);
    if (filter->run != run)
        return start_over(state, context, null);
    *null = false;
    return BoolGetDatum(permitted(filter, context->ecxt_scantuple));
}

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
        made->state.evalfunc = evaluate<permitted_asked>;
        made->state.expr = reinterpret_cast<Expr *>(node->plan->qual);
        made->state.parent = node;
        const List *whole = known != nullptr ? known->whole : node->plan->qual;
        made->before = known != nullptr ? node->qual : ExecInitQual(conditions_before(whole, call), node);
        made->after = ExecInitQual(conditions_after(whole, call), node);
        made->run = PG_UINT64_MAX; // none: renewed before the first answer
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

void start(QueryDesc *query, int flags) {
    // See planner.cpp; a worker's plan has lost the mark.
    if ((query->plannedstmt->dependsOnRole || IsParallelWorker()) && (flags & EXEC_FLAG_EXPLAIN_ONLY) == 0 &&
        OidIsValid(predicate.id()))
        pg::boundary([&] { start_guarded(query, flags); });
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

/// Numbers the runs. A statement inside another has its own, and leaves the outer one's as it was: within one run the
/// answers do not change.
void run_plan(GDPR_RUN_ARGUMENTS) {
    const auto next = next_run != nullptr ? next_run : standard_ExecutorRun;
    const std::uint64_t outer = run;
    run = ++runs;
    PG_TRY();
    { next(GDPR_RUN_VALUES); }
    PG_FINALLY();
    { run = outer; }
    PG_END_TRY();
}

} // namespace

std::uint64_t current_run() noexcept { return run; }

void init_filter() {
    next_start = ExecutorStart_hook;
    ExecutorStart_hook = start;
    next_run = ExecutorRun_hook;
    ExecutorRun_hook = run_plan;
}

} // namespace gdpr::restriction
