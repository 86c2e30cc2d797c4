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

} // namespace gdpr::pg
