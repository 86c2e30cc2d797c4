// Asked for every row that a query reads: plain C in style, and nothing is called that need not be.
#include "restrict/evaluation.hpp"

#include "pg/pg.hpp"
#include "restrict/filter.hpp"

namespace gdpr::restriction {

namespace {

std::uint64_t run = 0;

/// Rows lie one behind another, towards the beginning of their page, and a scan reads nothing of a row but this column:
/// it would wait for each.
constexpr int bytes_ahead = 256;

/// Are the first columns of a row all there?
inline bool present(const HeapTupleHeaderData *row, AttrNumber columns) {
    if ((row->t_infomask & HEAP_HASNULL) == 0)
        return true;
    const unsigned all = (1U << columns) - 1;
    return columns <= 8 && (row->t_bits[0] & all) == all;
}

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
    if (tuple == nullptr || form->attcacheoff < 0)
        return nullptr;
    const HeapTupleHeaderData *row = tuple->t_data;
    __builtin_prefetch(reinterpret_cast<const char *>(row) - bytes_ahead);
    if (!present(row, number) || number > HeapTupleHeaderGetNatts(row))
        return nullptr;
    return reinterpret_cast<const char *>(row) + row->t_hoff + form->attcacheoff;
}

inline bool permitted_all(Filter *, TupleTableSlot *) { return true; }

bool permitted_asked(Filter *filter, TupleTableSlot *slot);

/// A single column decides, and holds integers ...
template <typename Number>
[[gnu::always_inline]] inline bool permitted_by_number(Filter *filter, TupleTableSlot *slot) {
    if (const char *place = fixed_place(slot, filter->column); place != nullptr)
        return !filter->keys->contains(std::int64_t{*reinterpret_cast<const Number *>(place)});
    bool null;
    const Datum value = slot_getattr(slot, filter->column, &null);
    return null || !filter->keys->contains(std::int64_t{static_cast<Number>(value)});
}

/// ... or texts and the like.
template <Oid type> [[gnu::always_inline]] inline bool permitted_by_bytes(Filter *filter, TupleTableSlot *slot) {
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

template <bool (*permitted)(Filter *, TupleTableSlot *)> TupleTableSlot *next_row(PlanState *node);

template <bool (*permitted)(Filter *, TupleTableSlot *)> void take(Filter *filter) {
    const bool alone = filter->before == nullptr && filter->after == nullptr;
    filter->state.evalfunc = alone ? evaluate_alone<permitted> : evaluate<permitted>;
    filter->next = next_row<permitted>;
}

void take_shortcut(Filter *filter) {
    filter->keys = filter->judge->only_keys();
    if (filter->judge->all())
        return take<permitted_all>(filter);
    if (filter->keys == nullptr)
        return take<permitted_asked>(filter);
    const restriction::Way &way = filter->judge->only_way();
    filter->column = filter->columns[way.argument];
    switch (way.form.type()) {
    case INT2OID:
        return take<permitted_by_number<std::int16_t>>(filter);
    case INT4OID:
        return take<permitted_by_number<std::int32_t>>(filter);
    case INT8OID:
        return take<permitted_by_number<std::int64_t>>(filter);
    case UUIDOID:
        return take<permitted_by_bytes<UUIDOID>>(filter);
    default:
        return take<permitted_by_bytes<TEXTOID>>(filter);
    }
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

[[gnu::noinline]] bool permitted_asked(Filter *filter, TupleTableSlot *slot) {
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

/// PostgreSQL's own way does the same with more in between.
template <bool (*permitted)(Filter *, TupleTableSlot *)> TupleTableSlot *next_row(PlanState *node) {
    const auto *state = reinterpret_cast<ScanState *>(node);
    auto *filter = reinterpret_cast<Filter *>(node->qual);
    TupleTableSlot *slot = state->ss_ScanTupleSlot;
    const MemoryContext scratch = node->ps_ExprContext->ecxt_per_tuple_memory;
    for (;;) {
        if (!scratch->isReset || scratch->firstchild != nullptr)
            MemoryContextReset(scratch);
        CHECK_FOR_INTERRUPTS();
        if (!table_scan_getnextslot(state->ss_currentScanDesc, node->state->es_direction, slot))
            return nullptr;
        MemoryContext previous = MemoryContextSwitchTo(scratch);
        const bool shown = permitted(filter, slot);
        MemoryContextSwitchTo(previous);
        if (shown)
            return slot;
        InstrCountFiltered1(node, 1);
    }
}

} // namespace

void start_evaluation(Filter *filter) {
    filter->run = PG_UINT64_MAX; // none
    filter->state.evalfunc = evaluate<permitted_asked>;
}

void set_current_run(std::uint64_t number) noexcept { run = number; }
std::uint64_t current_run() noexcept { return run; }

/// PostgreSQL begins the scan, does what is not that simple, and answers for the first row of a run.
TupleTableSlot *scan_rows(PlanState *node) {
    const auto *filter = reinterpret_cast<Filter *>(node->qual);
    if (filter->run != run || reinterpret_cast<ScanState *>(node)->ss_currentScanDesc == nullptr ||
        node->ps_ProjInfo != nullptr || node->state->es_epq_active != nullptr)
        return filter->whole(node);
    return filter->next(node);
}

} // namespace gdpr::restriction
