// What is committed at this very moment.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

/// A registered snapshot of this moment, whatever the isolation level, for reading one relation that is no system
/// catalog. The catalogs' own snapshot is such a one, and unlike GetLatestSnapshot it can be had in parallel workers.
class NewestSnapshot {
  public:
    explicit NewestSnapshot(Oid relation);
    ~NewestSnapshot();
    NewestSnapshot(const NewestSnapshot &) = delete;
    NewestSnapshot &operator=(const NewestSnapshot &) = delete;

    Snapshot get() const noexcept { return snapshot_; }

  private:
    Snapshot snapshot_;
    int in_flight_;
};

/// How many transactions that wrote something have ended. While that is the same, whoever reads anew finds what they
/// found.
std::uint64_t transactions_ended();

/// What is read while one lives sees what had been committed when it was made, as a new statement would; in an
/// isolation level of more than READ COMMITTED, what the transaction sees.
class StatementSnapshot {
  public:
    StatementSnapshot();
    ~StatementSnapshot();
    StatementSnapshot(const StatementSnapshot &) = delete;
    StatementSnapshot &operator=(const StatementSnapshot &) = delete;

  private:
    int in_flight_;
};

} // namespace gdpr::pg
