#include "key/usage.hpp"

#include "key/key.hpp"
#include "pg/pg.hpp"
#include "pg/sequence.hpp"

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

bool is_exhausted(const Loaded &key) {
    return values_sealed() >= key.first_use + static_cast<std::uint64_t>(use_limit);
}

/// Counts until nothing is owed. Sequences count across sessions at once, and whatever becomes of the transaction.
void pay() {
    const Oid of_few = pg::gdpr_relation("key_use_few"), of_many = pg::gdpr_relation("key_use_many");
    if (!OidIsValid(of_few) || !OidIsValid(of_many))
        return;
    static bool counted = false;
    while (credit <= 0) {
        const bool first = !counted && credit > -few;
        (void)pg::take_values(first ? of_few : of_many);
        credit += first ? few : many;
        counted = true;
    }
    if (ready != nullptr)
        exhausted = is_exhausted(*ready);
}

void transaction_ends(XactEvent event) {
    if ((event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE) || credit > 0 ||
        !TransactionIdIsValid(GetTopTransactionIdIfAny()) || !may_count())
        return;
    pg::boundary([] { pay(); });
}

pg::AtTransactionEnd at_end(transaction_ends);

} // namespace

std::uint64_t values_sealed() {
    if (!IsTransactionState())
        return 0;
    const auto times = [](const char *sequence) {
        const Oid found = pg::gdpr_relation(sequence);
        return OidIsValid(found) ? static_cast<std::uint64_t>(pg::last_value(found)) : 0;
    };
    return times("key_use_few") * few + times("key_use_many") * many;
}

Loaded &sealing() {
    credit--;
    at_end.arm();
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
}

} // namespace gdpr::key
