#include "pg/sequence.hpp"

#include "pg/pg.hpp"

namespace gdpr::pg {

namespace {

struct Row {
    std::int64_t last = 0;
    bool called = false;
};

Row row_of(::Relation sequence) {
    return call([&] {
        TupleTableSlot *slot = table_slot_create(sequence, nullptr);
        TableScanDesc scan = table_beginscan(sequence, SnapshotAny, 0, nullptr);
        Row row;
        if (table_scan_getnextslot(scan, ForwardScanDirection, slot)) {
            bool null = false;
            row.last = DatumGetInt64(slot_getattr(slot, SEQ_COL_LASTVAL, &null));
            row.called = DatumGetBool(slot_getattr(slot, SEQ_COL_CALLED, &null));
        }
        table_endscan(scan);
        ExecDropSingleTupleTableSlot(slot);
        return row;
    });
}

} // namespace

std::int64_t last_value(Oid sequence) {
    const Relation relation(sequence, AccessShareLock);
    return row_of(relation.get()).last;
}

std::int64_t take_values(Oid sequence, std::int64_t count) {
    const OwnerScope scope(sequence);
    const Relation relation(sequence, RowExclusiveLock);
    // setval() alone does not touch lastval(). Held until the number is taken; an error leaves it to the transaction.
    call([&] { LockPage(relation.get(), 0, ExclusiveLock); });
    const Row row = row_of(relation.get());
    const std::int64_t first = row.called ? row.last + 1 : row.last;
    call([&] {
        (void)DirectFunctionCall2(setval_oid, ObjectIdGetDatum(sequence), Int64GetDatum(first + count - 1));
        UnlockPage(relation.get(), 0, ExclusiveLock);
    });
    return first;
}

} // namespace gdpr::pg
