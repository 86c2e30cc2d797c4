#include "journal/person.hpp"

#include "encrypted/type.hpp"
#include "key/key.hpp"
#include "pg/pg.hpp"
#include "rights/identifier.hpp"
#include "subject/owner.hpp"

namespace gdpr::journal {

cipher::Digest subject_hash(std::uint32_t key_id, const std::string &table, const std::string &key) {
    return cipher::hmac_sha256(key::find(key_id).secret, cipher::bytes("subject " + table + '\0' + key));
}

std::set<rights::Identifier> own_identifiers(const subject::Subject &subject) {
    const std::vector<Datum> values = subject::key_values(subject);
    std::vector<AttrNumber> columns;
    std::vector<Oid> types;
    for (const pg::Column &column : pg::primary_key(subject.table)) {
        const Oid plain = pg::call([&] { return encrypted::plain_counterpart(column.type); });
        columns.push_back(column.number);
        types.push_back(OidIsValid(plain) ? plain : column.type);
    }
    std::set<rights::Identifier> found;
    const Snapshot snapshot = pg::call([] { return GetActiveSnapshot(); });
    // A partition may have its columns in another order.
    pg::Lookup(subject.table, columns, types).each({values.begin(), values.end()}, snapshot, [&](TupleTableSlot *row) {
        found = rights::IdentifierColumns(row->tts_tableOid).read(row);
        return false;
    });
    return found;
}

void each_person(Oid subject_table, const std::function<void(const Person &)> &visit) {
    List *heirs = pg::call([&] { return find_all_inheritors(subject_table, AccessShareLock, nullptr); });
    ListCell *cell;
    foreach (cell, heirs) {
        const Oid relation = lfirst_oid(cell);
        const pg::Relation opened(relation, AccessShareLock);
        if (opened.kind() != RELKIND_RELATION)
            continue;
        const rights::IdentifierColumns identifiers(relation);
        TupleTableSlot *slot = pg::call([&] { return table_slot_create(opened.get(), nullptr); });
        TableScanDesc scan = pg::call([&] { return table_beginscan(opened.get(), GetActiveSnapshot(), 0, nullptr); });
        {
            pg::TemporaryContext context("gdpr people");
            while (pg::call([&] {
                CHECK_FOR_INTERRUPTS();
                return table_scan_getnextslot(scan, ForwardScanDirection, slot);
            })) {
                if (const auto key = subject::row_key(relation, slot))
                    visit({*key, identifiers.read(slot)});
                context.reset();
            }
        }
        pg::call([&] {
            table_endscan(scan);
            ExecDropSingleTupleTableSlot(slot);
        });
    }
}

} // namespace gdpr::journal
