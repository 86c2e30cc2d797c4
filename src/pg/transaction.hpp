// One callback of transactions for the whole extension: PostgreSQL calls each that there is, twice a transaction, and
// most transactions have nothing to do with us.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

/// What a room does when a transaction ends. One object each, which lives as long as the process.
class AtTransactionEnd {
  public:
    constexpr explicit AtTransactionEnd(void (*callback)(XactEvent)) : callback_(callback) {}

    /// Has it called at the events of this transaction, the last of which disarms it: after COMMIT, ABORT or PREPARE.
    void arm() noexcept {
        if (!armed_)
            append();
    }

  private:
    friend void init_transactions();
    static void run(XactEvent event, void *);
    void append() noexcept;

    void (*callback_)(XactEvent);
    AtTransactionEnd *next_ = nullptr;
    bool armed_ = false;
};

void init_transactions();

} // namespace gdpr::pg
