// Due work: what must happen by itself as time passes. Rooms add jobs; CALL gdpr.run_due_work() and the background
// worker run them, one at a time in a database.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::work {

/// A part of what is due, small enough for one transaction; returns whether more is left, and is then called again.
/// Runs as the extension's owner, search_path pinned, in a transaction of its own; where it raises, what it did is
/// rolled back, the error recorded, and it is called again when work is next due. Idempotent: it may be called at any
/// time.
using Job = bool (*)();

/// Called from a room's init(). The name is what gdpr.due_work shows; jobs run in the order of their names. The worker
/// calls a job not more often than once in so many seconds.
void add_job(const char *name, Job job, int period = 60);

void init();

} // namespace gdpr::work
