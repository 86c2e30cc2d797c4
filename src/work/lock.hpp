// Due work is done by one session at a time in a database.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::work {

/// A lock of the session, so that it outlives the transactions of a procedure. No SQL can take it: the functions for
/// advisory locks do not reach its number.
class Lock {
  public:
    enum class What : std::uint16_t { working = 0x6764, worker }; // beyond what pg_advisory_lock() uses

    /// Takes it if it is free; else taken() is false.
    explicit Lock(What what);
    ~Lock();
    Lock(const Lock &) = delete;
    Lock &operator=(const Lock &) = delete;

    bool taken() const noexcept { return taken_; }

  private:
    LOCKTAG tag_;
    bool taken_;
};

} // namespace gdpr::work
