// A policy is asked about every row that a query touches, and a function call a row costs as much as reading it. So
// when a plan starts, the conditions of a scan that hold gdpr.permitted() get an evaluation of our own: it reads the
// column and looks into the set, and leaves the other conditions to PostgreSQL. The plan itself stays as it is, and so
// does the function in whatever runs without this (rechecks of updated rows, other nodes than scans, a library that
// came late): nothing but speed depends on what is done here.
#include "restrict/filter.hpp"

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

/// gdpr.permitted(), looked up once; the callback forgets it when functions change.
Oid predicate = InvalidOid;
bool predicate_known = false;

void functions_changed(Datum, int, uint32) { predicate_known = false; }

bool find_predicate() {
    if (!predicate_known) {
        const Oid schema = get_namespace_oid("gdpr", true);
        const Oid any = ANYOID;
        predicate = InvalidOid;
        if (OidIsValid(schema))
            predicate = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("permitted"),
                                        PointerGetDatum(buildoidvector(&any, 1)), ObjectIdGetDatum(schema));
        predicate_known = true;
    }
    return OidIsValid(predicate);
}

/// What stands for the conditions of one scan. PostgreSQL calls it through its first member.
struct Filter {
    ExprState state;
    ExprState *before, *after; // the other conditions, as the planner ordered them; null where there are none
    Judge *judge;
    std::uint64_t run;
    const Keys *keys;  // where a single column decides
    bool numbers;      // by an integer, else by a text
    AttrNumber column; // that column
    Oid type;
    int count; // of the columns
    AttrNumber columns[FLEXIBLE_ARRAY_MEMBER];
};

/// The value of a column of the row at hand. Where it lies at a fixed place, the row need not be taken apart for it.
inline Datum attribute(TupleTableSlot *slot, AttrNumber number, bool *null) {
    if (number > slot->tts_nvalid && TTS_IS_BUFFERTUPLE(slot)) {
        const HeapTuple tuple = reinterpret_cast<BufferHeapTupleTableSlot *>(slot)->base.tuple;
#if PG_VERSION_NUM >= 180000
        const CompactAttribute *form = TupleDescCompactAttr(slot->tts_tupleDescriptor, number - 1);
#else
        const Form_pg_attribute form = TupleDescAttr(slot->tts_tupleDescriptor, number - 1);
#endif
        if (tuple != nullptr && !HeapTupleHasNulls(tuple) && form->attcacheoff >= 0 &&
            number <= HeapTupleHeaderGetNatts(tuple->t_data)) {
            *null = false;
            return fetchatt(form, reinterpret_cast<char *>(tuple->t_data) + tuple->t_data->t_hoff + form->attcacheoff);
        }
    }
    return slot_getattr(slot, number, null);
}

void take_shortcut(Filter *filter) {
    filter->keys = filter->judge->only_keys();
    if (filter->keys == nullptr)
        return;
    filter->column = filter->columns[filter->judge->only_way().argument];
    filter->type = filter->judge->only_way().form.type();
    filter->numbers = filter->judge->only_way().form.number();
}

void renew(Filter *filter) {
    pg::boundary([&] {
        filter->judge->renew();
        take_shortcut(filter);
        filter->run = run;
    });
}

bool judged(Filter *filter, ExprContext *context) {
    TupleTableSlot *slot = context->ecxt_scantuple;
    if (filter->keys != nullptr) {
        bool null;
        const Datum value = attribute(slot, filter->column, &null);
        if (null)
            return true;
        if (filter->numbers)
            return !filter->keys->contains(filter->type == INT4OID   ? std::int64_t{DatumGetInt32(value)}
                                           : filter->type == INT8OID ? DatumGetInt64(value)
                                                                     : std::int64_t{DatumGetInt16(value)});
        // What lies elsewhere or is compressed must be fetched, which can fail.
        if (const char *text = DatumGetPointer(value);
            filter->type != UUIDOID && (!VARATT_IS_EXTENDED(text) || VARATT_IS_SHORT(text)))
            return !filter->keys->contains({VARDATA_ANY(text), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(text))});
    }
    NullableDatum values[MaxHeapAttributeNumber];
    for (int i = 0; i < filter->count; i++)
        values[i].value = attribute(slot, filter->columns[i], &values[i].isnull);
    return pg::boundary([&] {
        const bool permitted = filter->judge->permitted(values);
        take_shortcut(filter);
        return permitted;
    });
}

Datum evaluate(ExprState *state, ExprContext *context, bool *null) {
    auto *filter = reinterpret_cast<Filter *>(state);
    if (filter->run != run)
        renew(filter);
    *null = false;
    if (filter->before != nullptr && !DatumGetBool(filter->before->evalfunc(filter->before, context, null)))
        return BoolGetDatum(false);
    if (!filter->judge->all() && !judged(filter, context))
        return BoolGetDatum(false);
    return filter->after != nullptr ? filter->after->evalfunc(filter->after, context, null) : BoolGetDatum(true);
}

/// The call among a scan's conditions, if all that it asks about are columns of the row.
FuncExpr *predicate_among(List *conditions) {
    ListCell *cell;
    foreach (cell, conditions) {
        auto *call = static_cast<FuncExpr *>(lfirst(cell));
        if (!IsA(call, FuncExpr) || call->funcid != predicate)
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

AttrNumber column_of(const FuncExpr *call, int place) {
    return static_cast<const Var *>(list_nth(call->args, place))->varattno;
}

void attach(PlanState *node, FuncExpr *call, MemoryContext context) {
    const Oid relation = DatumGetObjectId(static_cast<Const *>(linitial(call->args))->constvalue);
    // By the relation's own numbers: the row at hand may be a partition's, or an index's.
    auto judge = std::make_unique<Judge>(relation, columns_passed(relation, list_length(call->args) - 1));
    Filter *filter = pg::call([&] {
        MemoryContext previous = MemoryContextSwitchTo(context);
        const int count = list_length(call->args) - 1;
        auto *made = static_cast<Filter *>(
            palloc0(offsetof(Filter, columns) + sizeof(AttrNumber) * static_cast<std::size_t>(count)));
        NodeSetTag(&made->state, T_ExprState);
        made->state.flags = EEO_FLAG_IS_QUAL;
        made->state.evalfunc = evaluate;
        made->state.expr = reinterpret_cast<Expr *>(node->plan->qual);
        made->state.parent = node;
        // Where the planner puts others first, they may be asked of hidden rows (see planner.cpp), and are cheaper.
        List *before = NIL, *after = NIL;
        bool met = false;
        ListCell *cell;
        foreach (cell, node->plan->qual) {
            void *each = lfirst(cell);
            if (each == call)
                met = true;
            else if (met)
                after = lappend(after, each);
            else
                before = lappend(before, each);
        }
        made->before = ExecInitQual(before, node);
        made->after = ExecInitQual(after, node);
        made->run = PG_UINT64_MAX; // none: renewed before the first answer
        made->count = count;
        for (int i = 0; i < count; i++)
            made->columns[i] = column_of(call, i + 1);
        auto *callback = static_cast<MemoryContextCallback *>(palloc0(sizeof(MemoryContextCallback)));
        callback->func = [](void *argument) { delete static_cast<Judge *>(argument); };
        callback->arg = judge.get();
        MemoryContextRegisterResetCallback(context, callback);
        MemoryContextSwitchTo(previous);
        return made;
    });
    filter->judge = judge.release();
    node->qual = &filter->state;
}

bool attach_below(PlanState *node, MemoryContext *context) {
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
        if (node->qual != nullptr)
            if (FuncExpr *call = predicate_among(node->plan->qual); call != nullptr)
                attach(node, call, *context);
        break;
    default:
        break;
    }
    return planstate_tree_walker(node, pg::plan_walker(attach_below), context);
}

void start(QueryDesc *query, int flags) {
    const auto next = next_start != nullptr ? next_start : standard_ExecutorStart;
    next(query, flags);
    // A plan under row security depends on the role.
    if ((flags & EXEC_FLAG_EXPLAIN_ONLY) != 0 || !query->plannedstmt->dependsOnRole || !find_predicate())
        return;
    MemoryContext context = query->estate->es_query_cxt;
    pg::boundary([&] { (void)attach_below(query->planstate, &context); });
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
    pg::call([] { CacheRegisterSyscacheCallback(PROCOID, functions_changed, 0); });
    next_start = ExecutorStart_hook;
    ExecutorStart_hook = start;
    next_run = ExecutorRun_hook;
    ExecutorRun_hook = run_plan;
}

} // namespace gdpr::restriction
