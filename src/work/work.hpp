// Due work: what must happen by itself as time passes. Rooms add jobs; CALL gdpr.run_due_work() and the background
// worker run them, one at a time in a database.
#pragma once

#include "pg/procedure.hpp"
#include "work/step.hpp"

namespace gdpr::work {

/// A part of what is due, small enough for one transaction; returns whether more is left, and is then called again.
/// Runs as the extension's owner, search_path pinned, in a transaction of its own; where it raises, what it did is
/// rolled back, the error recorded, and it is called again when work is next due. Idempotent: it may be called at any
/// time.
using Job = bool (*)();

/// Called from a room's init(). The name is what gdpr.due_work shows; jobs run in the order of their names. The worker
/// calls a job not more often than once in so many seconds.
void add_job(const char *name, Job job, int period = 60);

/// Work that commits and waits by itself: it is given the procedure to commit with, and what it does with the database
/// goes through step(). Returns what it failed of, if it did.
struct LongJob {
    std::optional<Failure> (*run)(pg::Procedure &);
    /// When the worker calls it next, as far as this process knows; `woken`: there may be new work.
    TimestampTz (*next)(bool woken);
};
void add_long_job(const char *name, LongJob job);

/// Wakes this database's worker when the transaction commits: there is work for the long jobs.
void wake_at_commit();

void init();

} // namespace gdpr::work
