#include "key/table.hpp"

#include "key/provider.hpp"
#include "pg/pg.hpp"

namespace gdpr::key {

namespace {

// Columns of gdpr.key, in the order of tables.sql.
enum Column : AttrNumber {
    column_id = 1,
    column_use,
    column_epoch,
    column_database,
    column_generation,
    column_first_use,
    column_wrapped,
    column_created
};
constexpr int column_count = column_created;

// The table as last seen, so that its invalidation can be told from others' without a catalog look-up.
Oid last_table = InvalidOid;

bool readable() { return IsTransactionState() && !IsAbortedTransactionBlockState() && OidIsValid(MyDatabaseId); }

std::optional<WrappedKey> decode(HeapTuple tuple, TupleDesc descriptor) {
    Datum values[column_count];
    bool nulls[column_count];
    heap_deform_tuple(tuple, descriptor, values, nulls);
    WrappedKey key;
    const auto use = use_of(pg::to_string(values[column_use - 1]));
    const auto *bytes = pg::call([&] { return DatumGetByteaPP(values[column_wrapped - 1]); });
    if (!use || VARSIZE_ANY_EXHDR(bytes) != key.wrapped.size())
        return std::nullopt;
    key.id = static_cast<std::uint32_t>(DatumGetInt64(values[column_id - 1]));
    key.use = *use;
    key.epoch = static_cast<std::uint32_t>(DatumGetInt32(values[column_epoch - 1]));
    key.database = static_cast<std::uint64_t>(DatumGetInt64(values[column_database - 1]));
    key.generation = static_cast<std::uint32_t>(DatumGetInt32(values[column_generation - 1]));
    key.first_use = static_cast<std::uint64_t>(DatumGetInt64(values[column_first_use - 1]));
    std::memcpy(key.wrapped.data(), VARDATA_ANY(bytes), key.wrapped.size());
    return key;
}

void transaction_ended(XactEvent event) {
    if (event == XACT_EVENT_ABORT)
        forget_active(); // a key recorded by the aborted transaction must be recorded again
}

pg::AtTransactionEnd at_end(transaction_ended);

/// Visits every row; the table has a handful.
template <typename Visit> void for_each(Visit visit) {
    if (!readable())
        return;
    at_end.arm();
    last_table = pg::gdpr_relation("key");
    if (!OidIsValid(last_table))
        return;
    pg::Relation relation(last_table, AccessShareLock);
    SysScanDesc scan =
        pg::call([&] { return systable_beginscan(relation.get(), InvalidOid, false, nullptr, 0, nullptr); });
    while (HeapTuple tuple = pg::call([&] { return systable_getnext(scan); })) {
        if (const auto key = decode(tuple, relation.descriptor()))
            visit(*key);
    }
    pg::call([&] { systable_endscan(scan); });
}

void relation_changed(Oid relation) {
    if (relation == InvalidOid || relation == last_table)
        forget_active();
}

void subtransaction_ended(SubXactEvent event, SubTransactionId, SubTransactionId, void *) {
    if (event == SUBXACT_EVENT_ABORT_SUB)
        forget_active();
}

} // namespace

std::optional<WrappedKey> table_find(std::uint32_t id) {
    std::optional<WrappedKey> found;
    for_each([&](const WrappedKey &key) {
        if (key.id == id)
            found = key;
    });
    return found;
}

std::vector<WrappedKey> table_keys() {
    std::vector<WrappedKey> keys;
    for_each([&](const WrappedKey &key) { keys.push_back(key); });
    return keys;
}

std::optional<WrappedKey> table_active(Use use) {
    const std::uint64_t here = database_identity();
    std::optional<WrappedKey> found;
    for_each([&](const WrappedKey &key) {
        if (key.use == use && (use != Use::data || key.database == here) &&
            (!found || key.generation >= found->generation))
            found = key;
    });
    return found;
}

void table_record(const WrappedKey &key) {
    if (!readable() || XactReadOnly || RecoveryInProgress() || IsInParallelMode() || table_find(key.id))
        return;
    const Oid table = pg::gdpr_relation("key");
    if (!OidIsValid(table))
        return;
    pg::Relation relation(table, RowExclusiveLock);
    pg::call([&] {
        auto *wrapped = static_cast<bytea *>(palloc(VARHDRSZ + key.wrapped.size()));
        SET_VARSIZE(wrapped, VARHDRSZ + key.wrapped.size());
        std::memcpy(VARDATA(wrapped), key.wrapped.data(), key.wrapped.size());
        const std::string_view name = use_name(key.use);
        Datum values[column_count] = {
            Int64GetDatum(key.id),
            PointerGetDatum(cstring_to_text_with_len(name.data(), static_cast<int>(name.size()))),
            Int32GetDatum(static_cast<int32>(key.epoch)),
            Int64GetDatum(static_cast<int64>(key.database)),
            Int32GetDatum(static_cast<int32>(key.generation)),
            Int64GetDatum(static_cast<int64>(key.first_use)),
            PointerGetDatum(wrapped),
            TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()),
        };
        bool nulls[column_count] = {};
        HeapTuple tuple = heap_form_tuple(relation.descriptor(), values, nulls);
        CatalogTupleInsert(relation.get(), tuple);
        CacheInvalidateRelcache(relation.get());
    });
}

void init_table() {
    pg::on_relation_change(relation_changed);
    RegisterSubXactCallback(subtransaction_ended, nullptr);
}

} // namespace gdpr::key
