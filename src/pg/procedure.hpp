// A procedure that commits between its steps.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

/// Lives as long as the procedure's body. C++ objects of their own survive a commit; what PostgreSQL holds for the
/// transaction (relations, SPI connections, scopes) must be gone before it.
class Procedure {
  public:
    /// Raises invalid_transaction_termination where the caller does not let it commit: in a transaction block, or in a
    /// function.
    Procedure(FunctionCallInfo fcinfo, const char *name);
    ~Procedure();
    Procedure(const Procedure &) = delete;
    Procedure &operator=(const Procedure &) = delete;

    /// Commits what was done so far and begins the next transaction.
    void commit();

    /// The same, and does between the two what takes long and touches no database: nothing is held then, no snapshot
    /// either. The step may throw.
    void commit_and(const std::function<void()> &step);

  private:
    int in_flight_;
};

} // namespace gdpr::pg
