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
        const Relation opened(leaf, AccessShareLock);
        if (opened.kind() != RELKIND_RELATION && opened.kind() != RELKIND_MATVIEW)
            continue;
        // What an error leaves open here, its abort closes.
        TupleTableSlot *slot = call([&] { return table_slot_create(opened.get(), nullptr); });
        TableScanDesc scan = call([&] { return table_beginscan(opened.get(), GetActiveSnapshot(), 0, nullptr); });
        {
            TemporaryContext context("gdpr scan");
            while (call([&] {
                CHECK_FOR_INTERRUPTS();
                return table_scan_getnextslot(scan, ForwardScanDirection, slot);
            })) {
                visit(leaf, slot);
                context.reset();
            }
        }
        call([&] {
            table_endscan(scan);
            ExecDropSingleTupleTableSlot(slot);
        });
    }
}

} // namespace gdpr::pg
