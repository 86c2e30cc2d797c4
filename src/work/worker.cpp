// The background worker: one a database, which calls gdpr.run_due_work() when a job is due and when work is committed.
// It is started by gdpr.start_worker(), or by the launcher where the library is in shared_preload_libraries.
#include "pg/pg.hpp"
#include "pg/running.hpp"
#include "work/jobs.hpp"
#include "work/lock.hpp"

using namespace gdpr;

namespace gdpr::work {

namespace {

constexpr int restart_time = 10;        // seconds after a crash
constexpr int longest_delay = 600;      // between looks at a database without the extension
constexpr TimestampTz longest_nap = 60; // seconds

bool enabled = true; // gdpr.worker

/// Runs a procedure as a client would, so that it can commit within. Errors travel on, once the transaction is over.
void run_statement(const char *sql) {
    SetCurrentStatementStartTimestamp();
    StartTransactionCommand();
    MemoryContext context = AllocSetContextCreate(TopMemoryContext, "gdpr worker statement", ALLOCSET_DEFAULT_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(context);
    pgstat_report_activity(STATE_RUNNING, sql);
    auto *raw = linitial_node(RawStmt, pg_parse_query(sql));
    PushActiveSnapshot(GetTransactionSnapshot());
    List *queries = pg_analyze_and_rewrite_fixedparams(raw, sql, nullptr, 0, nullptr);
    List *plans = pg_plan_queries(queries, sql, 0, nullptr);
    PopActiveSnapshot();
    Portal portal = CreatePortal("", true, true);
    portal->visible = false;
    PortalDefineQuery(portal, nullptr, sql, CMDTAG_CALL, plans, nullptr);
    PortalStart(portal, nullptr, 0, InvalidSnapshot);
    DestReceiver *receiver = CreateDestReceiver(DestNone);
#if PG_VERSION_NUM >= 180000
    (void)PortalRun(portal, FETCH_ALL, true, receiver, receiver, nullptr);
#else
    (void)PortalRun(portal, FETCH_ALL, true, true, receiver, receiver, nullptr);
#endif
    PortalDrop(portal, false);
    CommitTransactionCommand();
    MemoryContextSwitchTo(previous);
    MemoryContextDelete(context);
    pgstat_report_stat(true);
    pgstat_report_activity(STATE_IDLE, nullptr);
}

/// One job, its error logged and over.
void run_job(const std::string &name) {
    const std::string sql = "CALL gdpr.run_due_work(" + pg::quote_literal(name) + ")";
    try {
        pg::call([&] { run_statement(sql.c_str()); });
    } catch (pg::Error &error) {
        pg::call([&] {
            ereport(LOG,
                    (errmsg("gdpr: the work that is due failed (SQLSTATE %s)", unpack_sql_state(error.sqlstate()))));
            AbortCurrentTransaction();
            pgstat_report_activity(STATE_IDLE, nullptr);
        });
    }
}

bool installed_now() {
    return pg::call([] {
        StartTransactionCommand();
        const bool found = OidIsValid(get_extension_oid("gdpr", true));
        CommitTransactionCommand();
        return found;
    });
}

/// Was it woken before the time?
bool nap(TimestampTz until) {
    return pg::call([&] {
        const long milliseconds = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until);
        const int event =
            WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds, PG_WAIT_EXTENSION);
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
        if (ConfigReloadPending) {
            ConfigReloadPending = false;
            ProcessConfigFile(PGC_SIGHUP);
        }
        return (event & WL_LATCH_SET) != 0;
    });
}

/// Until the extension is gone, or the worker is not wanted any more.
void work_on() {
    std::map<std::string, TimestampTz> due;
    bool woken = true;
    while (enabled && installed_now()) {
        const TimestampTz now = GetCurrentTimestamp();
        TimestampTz next = now + longest_nap * USECS_PER_SEC;
        // What was committed from here on wakes the nap below.
        for (const auto &[name, entry] : jobs()) {
            TimestampTz &at = due[name];
            if (entry.job == nullptr)
                at = std::min(at, entry.long_job.next(woken));
            if (at <= now) {
                run_job(name);
                at = entry.job != nullptr ? GetCurrentTimestamp() + entry.period * USECS_PER_SEC
                                          : entry.long_job.next(false);
            }
            next = std::min(next, at);
        }
        woken = nap(next);
    }
}

BackgroundWorker description(const char *function, const char *type, const std::string &name, int restart) {
    BackgroundWorker worker{};
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
    worker.bgw_restart_time = restart;
    strlcpy(worker.bgw_library_name, "gdpr", sizeof worker.bgw_library_name);
    strlcpy(worker.bgw_function_name, function, sizeof worker.bgw_function_name);
    strlcpy(worker.bgw_name, name.c_str(), sizeof worker.bgw_name);
    strlcpy(worker.bgw_type, type, sizeof worker.bgw_type);
    return worker;
}

BackgroundWorker worker_of(Oid database, int restart) {
    BackgroundWorker worker =
        description("gdpr_worker_main", "gdpr worker", "gdpr worker of database " + std::to_string(database), restart);
    worker.bgw_main_arg = ObjectIdGetDatum(database);
    worker.bgw_notify_pid = MyProcPid;
    return worker;
}

/// Those that can be connected to.
std::vector<Oid> databases() {
    std::vector<Oid> found;
    pg::call([&] {
        StartTransactionCommand();
        (void)GetTransactionSnapshot();
    });
    {
        const pg::Relation all(DatabaseRelationId, AccessShareLock);
        pg::call([&] {
            TableScanDesc scan = table_beginscan_catalog(all.get(), 0, nullptr);
            for (HeapTuple tuple; (tuple = heap_getnext(scan, ForwardScanDirection)) != nullptr;) {
                const auto *form = reinterpret_cast<Form_pg_database>(GETSTRUCT(tuple));
                if (form->datallowconn && !form->datistemplate)
                    found.push_back(form->oid);
            }
            table_endscan(scan);
        });
    }
    pg::call([] { CommitTransactionCommand(); });
    return found;
}

/// A worker as the launcher knows it. Whether a database has the extension is seen only from within: a worker that
/// finds none ends at once, and the next one looks later and later.
struct Launched {
    BackgroundWorkerHandle *handle = nullptr;
    TimestampTz started = 0;
    int delay = 0; // seconds
};

void keep(Oid database, Launched &worker) {
    pid_t pid;
    const TimestampTz now = GetCurrentTimestamp();
    if (worker.handle != nullptr) {
        if (pg::call([&] { return GetBackgroundWorkerPid(worker.handle, &pid); }) != BGWH_STOPPED)
            return;
        pfree(worker.handle);
        worker.handle = nullptr;
        const bool at_once = now < worker.started + restart_time * USECS_PER_SEC;
        worker.delay = at_once ? std::clamp(2 * worker.delay, 2 * restart_time, longest_delay) : restart_time;
    }
    if (now < worker.started + worker.delay * USECS_PER_SEC)
        return;
    BackgroundWorker description = worker_of(database, BGW_NEVER_RESTART);
    worker.started = now;
    pg::call([&] { (void)RegisterDynamicBackgroundWorker(&description, &worker.handle); });
}

/// Starts the worker of every database that has the extension, and again when one ends.
void launch() {
    std::map<Oid, Launched> workers;
    for (;;) {
        if (enabled)
            for (const Oid database : databases())
                keep(database, workers[database]);
        (void)nap(GetCurrentTimestamp() + restart_time * USECS_PER_SEC);
    }
}

void begin_process() {
    pqsignal(SIGTERM, die);
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    BackgroundWorkerUnblockSignals();
}

} // namespace

void init_worker() {
    pg::call([] {
        DefineCustomBoolVariable("gdpr.worker", "Does a background worker do the work that is due?",
                                 "Off: those that run end, and none is started.", &enabled, true, PGC_SIGHUP, 0,
                                 nullptr, nullptr, nullptr);
        if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
            return;
        BackgroundWorker launcher = description("gdpr_launcher_main", "gdpr launcher", "gdpr launcher", restart_time);
        RegisterBackgroundWorker(&launcher);
    });
}

} // namespace gdpr::work

extern "C" {
PGDLLEXPORT void gdpr_worker_main(Datum database);
PGDLLEXPORT void gdpr_launcher_main(Datum);
}

void gdpr_worker_main(Datum database) {
    work::begin_process();
    BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(database), InvalidOid, 0);
    pg::boundary([] {
        const work::Lock lock(work::Lock::What::worker);
        if (lock.taken())
            work::work_on();
    });
    proc_exit(0); // which also says: do not start again
}

void gdpr_launcher_main(Datum) {
    work::begin_process();
    BackgroundWorkerInitializeConnection(nullptr, nullptr, 0);
    pg::boundary([] { work::launch(); });
}

GDPR_FUNCTION(gdpr_start_worker) {
    pg::require_role("gdpr_admin", "start the worker");
    if (!work::enabled)
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the worker is switched off", "gdpr.worker is off.");
    {
        const work::Lock lock(work::Lock::What::worker);
        if (!lock.taken())
            PG_RETURN_BOOL(false);
    }
    BackgroundWorker worker = work::worker_of(MyDatabaseId, work::restart_time);
    BackgroundWorkerHandle *handle = nullptr;
    pid_t pid;
    const bool registered = pg::call([&] { return RegisterDynamicBackgroundWorker(&worker, &handle); });
    if (!registered)
        pg::raise(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED, "no background worker is free", "",
                  "Increase max_worker_processes.");
    const bool started = pg::call([&] { return WaitForBackgroundWorkerStartup(handle, &pid); }) == BGWH_STARTED;
    PG_RETURN_BOOL(started);
}
