#include "key/usage.hpp"

#include "key/key.hpp"
#include "pg/pg.hpp"

namespace gdpr::key {

namespace {

// As in functions.sql. A session reserves few at first, since there may be many short ones.
constexpr std::int64_t few = 64, many = 16384;

int use_limit = 0;

// What this session may still seal without counting anew. Below zero it owes: a transaction that writes pays when it
// commits; one that reads, whose values are nowhere kept, must not be made to write for that.
std::int64_t credit = 0;
Loaded *ready = nullptr; // the key that is sealed with, as long as it is the active one
bool exhausted = false;

bool may_count() {
    return IsTransactionState() && !XactReadOnly && !RecoveryInProgress() && !IsInParallelMode() && !IsParallelWorker();
}

/// The last value of a sequence, read as a row: no privilege is asked for, whoever encrypts may not have it.
std::uint64_t last_value(const char *name) {
    const Oid sequence = pg::gdpr_relation(name);
    if (!OidIsValid(sequence))
        return 0;
    const pg::Relation relation(sequence, AccessShareLock);
    return pg::call([&] {
        TupleTableSlot *slot = table_slot_create(relation.get(), nullptr);
        TableScanDesc scan = table_beginscan(relation.get(), SnapshotAny, 0, nullptr);
        std::uint64_t value = 0;
        if (table_scan_getnextslot(scan, ForwardScanDirection, slot)) {
            bool null = false;
            value = static_cast<std::uint64_t>(DatumGetInt64(slot_getattr(slot, 1, &null)));
        }
        table_endscan(scan);
        ExecDropSingleTupleTableSlot(slot);
        return value;
    });
}

bool is_exhausted(const Loaded &key) {
    return values_sealed() >= key.first_use + static_cast<std::uint64_t>(use_limit);
}

/// Counts until nothing is owed. Sequences count across sessions at once, and whatever becomes of the transaction.
void pay() {
    const Oid of_few = pg::gdpr_relation("key_use_few"), of_many = pg::gdpr_relation("key_use_many");
    if (!OidIsValid(of_few) || !OidIsValid(of_many))
        return;
    static bool counted = false;
    pg::call([&] {
        while (credit <= 0) {
            const bool first = !counted && credit > -few;
            (void)nextval_internal(first ? of_few : of_many, false);
            credit += first ? few : many;
            counted = true;
        }
    });
    if (ready != nullptr)
        exhausted = is_exhausted(*ready);
}

void transaction_ends(XactEvent event, void *) {
    if ((event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE) || credit > 0 ||
        !TransactionIdIsValid(GetTopTransactionIdIfAny()) || !may_count())
        return;
    pg::boundary([] { pay(); });
}

} // namespace

std::uint64_t values_sealed() {
    if (!IsTransactionState())
        return 0;
    return last_value("key_use_few") * few + last_value("key_use_many") * many;
}

Loaded &sealing() {
    credit--;
    if (ready != nullptr && credit > -many)
        return *ready;
    if (credit <= -many && may_count())
        pay();
    if (ready == nullptr) {
        Loaded &key = active(Use::data);
        exhausted = is_exhausted(key);
        ready = &key;
    }
    if (exhausted && may_count()) {
        Loaded &next = succeed(*ready); // which forgets the one that was ready
        ready = &next;
        exhausted = false;
    }
    return *ready;
}

void forget_sealing() noexcept { ready = nullptr; }

void init_usage() {
    DefineCustomIntVariable("gdpr.key_use_limit",
                            "How many values a data key seals before a new one takes its place; for tests.",
                            "Half of what random nonces allow, so that a copy of the database may use the key as well.",
                            &use_limit, INT_MAX, few, INT_MAX, PGC_SUSET, GUC_NOT_IN_SAMPLE, nullptr, nullptr, nullptr);
    RegisterXactCallback(transaction_ends, nullptr);
}

} // namespace gdpr::key
