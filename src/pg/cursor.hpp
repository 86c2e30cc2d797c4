// The rows of a query, a few at a time.
#pragma once

#include "pg/spi.hpp"

namespace gdpr::pg {

/// An open query that only reads and is planned once a session (as Spi::run_again), with the snapshot of the calling
/// one. Needs an Spi that outlives it, and the user it was opened as at each fetch.
class Cursor {
  public:
    explicit Cursor(const std::string &sql, const std::vector<Param> &params = {});
    ~Cursor();
    Cursor(const Cursor &) = delete;
    Cursor &operator=(const Cursor &) = delete;

    /// The next rows, empty at the end; those of the fetch before are gone. Of long rows it takes few at a time, so
    /// that a batch stays within some hundred kilobytes, or a single row.
    Rows fetch();

  private:
    std::optional<KeptPlan> kept_;
    Portal portal_;
    SPITupleTable *batch_ = nullptr;
    long count_ = 10;
    int in_flight_;
};

} // namespace gdpr::pg
