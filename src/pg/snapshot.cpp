#include "pg/snapshot.hpp"

#include "pg/error.hpp"

namespace gdpr::pg {

NewestSnapshot::NewestSnapshot(Oid relation)
    : snapshot_(call([&] { return RegisterSnapshot(GetCatalogSnapshot(relation)); })),
      in_flight_(std::uncaught_exceptions()) {}

NewestSnapshot::~NewestSnapshot() {
    // While an error travels out, the abort releases it.
    if (std::uncaught_exceptions() == in_flight_)
        UnregisterSnapshot(snapshot_);
}

std::uint64_t transactions_ended() {
    return call([] { return GetLatestSnapshot()->snapXactCompletionCount; });
}

StatementSnapshot::StatementSnapshot() : in_flight_(std::uncaught_exceptions()) {
    call([] {
        CommandCounterIncrement();
        PushActiveSnapshot(GetTransactionSnapshot());
    });
}

StatementSnapshot::~StatementSnapshot() {
    // While an error travels out, the abort pops it.
    if (std::uncaught_exceptions() == in_flight_)
        PopActiveSnapshot();
}

} // namespace gdpr::pg
