// The worker is woken by whoever commits work for it. Without shared memory of our own: a latch set once too often does
// no harm, so every background worker of this database has its latch set.
#include "pg/pg.hpp"
#include "pg/running.hpp"
#include "work/jobs.hpp"

namespace gdpr::work {

namespace {

bool to_wake = false;

bool background(const PGPROC *process) {
#if PG_VERSION_NUM >= 180000
    return !process->isRegularBackend;
#else
    return process->isBackgroundWorker;
#endif
}

void wake() {
    const PROC_HDR *all = ProcGlobal;
    for (std::uint32_t i = 0; i < all->allProcCount; i++) {
        PGPROC *process = &all->allProcs[i];
        if (process->databaseId == MyDatabaseId && process->pid != 0 && background(process))
            SetLatch(&process->procLatch);
    }
}

void transaction_ended(XactEvent event) {
    if (to_wake && (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PARALLEL_COMMIT))
        wake();
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
        to_wake = false;
}

pg::AtTransactionEnd at_end(transaction_ended);

} // namespace

void wake_at_commit() {
    at_end.arm();
    to_wake = true;
}

} // namespace gdpr::work
