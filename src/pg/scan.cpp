#include "pg/scan.hpp"

#include "pg/catalog.hpp"
#include "pg/error.hpp"
#include "pg/memory.hpp"

namespace gdpr::pg {

void each_row(Oid relation, const std::function<void(Oid leaf, TupleTableSlot *row)> &visit) {
    List *heirs = call([&] { return find_all_inheritors(relation, AccessShareLock, nullptr); });
    ListCell *cell;
    foreach (cell, heirs) {
        const Oid leaf = lfirst_oid(cell);
        const char kind = call([&] { return get_rel_relkind(leaf); });
        if (kind == RELKIND_RELATION || kind == RELKIND_MATVIEW)
            each_row_of(leaf, GetActiveSnapshot(), [&](TupleTableSlot *row) { visit(leaf, row); });
    }
}

void each_row_of(Oid relation, Snapshot snapshot, const std::function<void(TupleTableSlot *row)> &visit) {
    const Relation opened(relation, AccessShareLock);
    // What an error leaves open here, its abort closes.
    TupleTableSlot *slot = call([&] { return table_slot_create(opened.get(), nullptr); });
    TableScanDesc scan = call([&] { return table_beginscan(opened.get(), snapshot, 0, nullptr); });
    {
        TemporaryContext context("gdpr scan");
        while (call([&] {
            CHECK_FOR_INTERRUPTS();
            return table_scan_getnextslot(scan, ForwardScanDirection, slot);
        })) {
            visit(slot);
            context.reset();
        }
    }
    call([&] {
        table_endscan(scan);
        ExecDropSingleTupleTableSlot(slot);
    });
}

} // namespace gdpr::pg
