#include "rotate/rewrite.hpp"

#include "rotate/nested.hpp"

namespace gdpr::rotate {

namespace {

/// A session that writes a single row, in the terms of the executor. Plain C in style: made within pg::call.
struct Writer {
    ::Relation relation;
    std::span<const Column> columns;
    std::span<const std::uint32_t> good;
    EState *estate;
    ResultRelInfo *target;
    TupleTableSlot *old_row, *new_row;
    LockTupleMode lock;
    MemoryContext row_context;
};

bool is_old(const Writer &writer, TupleTableSlot *row) {
    for (const Column &column : writer.columns) {
        bool null = false;
        const Datum value = slot_getattr(row, column.number, &null);
        const auto not_good = [](std::uint32_t key, void *context) {
            const auto good = static_cast<const Writer *>(context)->good;
            return std::find(good.begin(), good.end(), key) == good.end();
        };
        if (!null && visit_keys(column.type, value, not_good, const_cast<Writer *>(&writer)))
            return true;
    }
    return false;
}

/// A foreign key to the row need not be kept waiting unless what it points to changes its bytes.
LockTupleMode lock_mode(::Relation relation, std::span<const Column> columns) {
    Bitmapset *keys = RelationGetIndexAttrBitmap(relation, INDEX_ATTR_BITMAP_KEY);
    for (const Column &column : columns)
        if (bms_is_member(column.number - FirstLowInvalidHeapAttributeNumber, keys))
            return LockTupleExclusive;
    return LockTupleNoKeyExclusive;
}

void begin(Writer *writer, ::Relation relation) {
    CheckCmdReplicaIdentity(relation, CMD_UPDATE);
    writer->relation = relation;
    writer->estate = CreateExecutorState();
    writer->target = makeNode(ResultRelInfo);
    InitResultRelInfo(writer->target, relation, 0, nullptr, 0);
    ExecOpenIndices(writer->target, false);
    writer->old_row = table_slot_create(relation, nullptr);
    writer->new_row = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsVirtual);
    writer->lock = lock_mode(relation, writer->columns);
    writer->row_context =
        AllocSetContextCreate(CurrentMemoryContext, "gdpr row being sealed anew", ALLOCSET_DEFAULT_SIZES);
}

void end(Writer *writer) {
    ExecDropSingleTupleTableSlot(writer->old_row);
    ExecDropSingleTupleTableSlot(writer->new_row);
    ExecCloseIndices(writer->target);
    FreeExecutorState(writer->estate);
    MemoryContextDelete(writer->row_context);
}

/// The row in old_row, which is locked, with its old values sealed anew.
void replace(const Writer &writer, Snapshot snapshot) {
    TupleTableSlot *row = writer.new_row;
    slot_getallattrs(writer.old_row);
    ExecClearTuple(row);
    const auto width = static_cast<std::size_t>(RelationGetDescr(writer.relation)->natts);
    std::memcpy(row->tts_values, writer.old_row->tts_values, width * sizeof(Datum));
    std::memcpy(row->tts_isnull, writer.old_row->tts_isnull, width * sizeof(bool));
    for (const Column &column : writer.columns) {
        const int at = column.number - 1;
        if (!row->tts_isnull[at])
            row->tts_values[at] = renewed(column.type, row->tts_values[at], writer.good);
    }
    ExecStoreVirtualTuple(row);
    row->tts_tableOid = RelationGetRelid(writer.relation);

#if PG_VERSION_NUM >= 160000
    TU_UpdateIndexes indexes;
    simple_table_tuple_update(writer.relation, &writer.old_row->tts_tid, row, snapshot, &indexes);
    if (indexes != TU_None)
        (void)ExecInsertIndexTuples(writer.target, row, writer.estate, false, false, nullptr, NIL,
                                    indexes == TU_Summarizing);
#else
    bool indexes;
    simple_table_tuple_update(writer.relation, &writer.old_row->tts_tid, row, snapshot, &indexes);
    if (indexes)
        (void)ExecInsertIndexTuples(writer.target, row, writer.estate, false, false, nullptr, NIL);
#endif
    ResetPerTupleExprContext(writer.estate);
}

/// Locks the newest version of a row that the snapshot sees, and seals it anew if it still needs it. The lock comes
/// first, as in any UPDATE: what others wrote meanwhile is not lost.
void renew(const Writer &writer, ItemPointer place, Snapshot snapshot, bool wait, Result *result) {
    TM_FailureData failure;
    const TM_Result locked =
        table_tuple_lock(writer.relation, place, snapshot, writer.old_row, GetCurrentCommandId(true), writer.lock,
                         wait ? LockWaitBlock : LockWaitSkip, TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
    if (locked == TM_WouldBlock)
        result->locked++;
    if (locked != TM_Ok)
        return; // or it was deleted
    MemoryContext previous = MemoryContextSwitchTo(writer.row_context);
    if (is_old(writer, writer.old_row)) {
        replace(writer, snapshot);
        result->rows++;
    }
    ExecClearTuple(writer.new_row);
    ExecClearTuple(writer.old_row);
    MemoryContextSwitchTo(previous);
    MemoryContextReset(writer.row_context);
}

} // namespace

std::vector<Column> encrypted_columns(Oid relation) {
    std::vector<Column> out;
    for (const pg::Column &each : pg::columns_of(relation)) {
        const Oid type = pg::call([&] { return getBaseType(each.type); });
        if (pg::call([&] { return holds_encrypted(type); }))
            out.push_back({each.number, type});
    }
    return out;
}

Rewriter::Rewriter(Oid relation, std::vector<std::uint32_t> good)
    : scope_(relation), relation_(relation, RowExclusiveLock), columns_(encrypted_columns(relation)),
      good_(std::move(good)) {}

BlockNumber Rewriter::blocks() const {
    return pg::call([&] { return RelationGetNumberOfBlocks(relation_.get()); });
}

Result Rewriter::blocks(BlockNumber first, BlockNumber last, std::int64_t most) const {
    Result result;
    result.next = last;
    pg::call([&] {
        Writer writer{};
        writer.columns = columns_;
        writer.good = good_;
        begin(&writer, relation_.get());
        PushActiveSnapshot(GetTransactionSnapshot());
        TupleTableSlot *seen = table_slot_create(relation_.get(), nullptr);
        ItemPointerData from, to;
        ItemPointerSet(&from, first, FirstOffsetNumber);
        ItemPointerSet(&to, last - 1, MaxOffsetNumber);
        TableScanDesc scan = table_beginscan_tidrange(relation_.get(), GetActiveSnapshot(), &from, &to);
        while (table_scan_getnextslot_tidrange(scan, ForwardScanDirection, seen)) {
            CHECK_FOR_INTERRUPTS();
            MemoryContext previous = MemoryContextSwitchTo(writer.row_context);
            const bool old = is_old(writer, seen);
            MemoryContextSwitchTo(previous);
            MemoryContextReset(writer.row_context);
            if (!old)
                continue;
            if (result.rows >= most) {
                result.next = ItemPointerGetBlockNumber(&seen->tts_tid);
                break;
            }
            renew(writer, &seen->tts_tid, GetActiveSnapshot(), false, &result);
        }
        table_endscan(scan);
        ExecDropSingleTupleTableSlot(seen);
        PopActiveSnapshot();
        end(&writer);
    });
    return result;
}

Result Rewriter::rows(std::span<const ItemPointerData> places, bool wait) const {
    Result result;
    pg::call([&] {
        Writer writer{};
        writer.columns = columns_;
        writer.good = good_;
        begin(&writer, relation_.get());
        PushActiveSnapshot(GetTransactionSnapshot());
        TupleTableSlot *seen = table_slot_create(relation_.get(), nullptr);
        for (ItemPointerData place : places) {
            CHECK_FOR_INTERRUPTS();
            // The place may be another row's by now, or nobody's.
            if (!table_tuple_fetch_row_version(relation_.get(), &place, GetActiveSnapshot(), seen))
                continue;
            renew(writer, &place, GetActiveSnapshot(), wait, &result);
        }
        ExecDropSingleTupleTableSlot(seen);
        PopActiveSnapshot();
        end(&writer);
    });
    return result;
}

std::vector<ItemPointerData> Rewriter::find(std::int64_t most) const {
    std::vector<ItemPointerData> places;
    pg::call([&] {
        Writer writer{};
        writer.columns = columns_;
        writer.good = good_;
        PushActiveSnapshot(GetTransactionSnapshot());
        TupleTableSlot *seen = table_slot_create(relation_.get(), nullptr);
        MemoryContext context =
            AllocSetContextCreate(CurrentMemoryContext, "gdpr row being looked at", ALLOCSET_DEFAULT_SIZES);
        TableScanDesc scan = table_beginscan(relation_.get(), GetActiveSnapshot(), 0, nullptr);
        while (static_cast<std::int64_t>(places.size()) < most &&
               table_scan_getnextslot(scan, ForwardScanDirection, seen)) {
            CHECK_FOR_INTERRUPTS();
            MemoryContext previous = MemoryContextSwitchTo(context);
            const bool old = is_old(writer, seen);
            MemoryContextSwitchTo(previous);
            MemoryContextReset(context);
            if (old)
                places.push_back(seen->tts_tid);
        }
        table_endscan(scan);
        ExecDropSingleTupleTableSlot(seen);
        MemoryContextDelete(context);
        PopActiveSnapshot();
    });
    return places;
}

} // namespace gdpr::rotate
