#include "work/work.hpp"

#include "pg/pg.hpp"
#include "work/jobs.hpp"
#include "work/lock.hpp"

namespace gdpr::work {

namespace {

/// Notes that a job begins, so that one which takes the server down is seen.
void begun(const std::string &job) {
    pg::Spi spi;
    const std::vector<pg::Param> params{pg::param(job)};
    if (spi.run(
               "UPDATE gdpr.work_run SET last_run = clock_timestamp(), duration = NULL, runs = runs + 1 WHERE job = $1",
               params)
            .processed() == 0)
        (void)spi.run("INSERT INTO gdpr.work_run (job, last_run, runs, failures)"
                      " VALUES ($1, clock_timestamp(), 1, 0)",
                      params);
}

void ended(const std::string &job, const std::optional<std::string> &failure) {
    pg::Spi spi;
    (void)spi.run("UPDATE gdpr.work_run SET duration = clock_timestamp() - last_run, error = $2,"
                  " failures = failures + CASE WHEN $2 IS NULL THEN 0 ELSE 1 END,"
                  " last_success = CASE WHEN $2 IS NULL THEN clock_timestamp() ELSE last_success END WHERE job = $1",
                  {pg::param(job), pg::param_or_null(failure)});
}

std::optional<Failure> run_parts(pg::Procedure &procedure, Job job) {
    std::optional<Failure> failure;
    for (bool more = true; more && !failure;) {
        more = false;
        failure = step([&] { more = job(); });
        procedure.commit();
        pg::call([] { CHECK_FOR_INTERRUPTS(); });
    }
    return failure;
}

void run(pg::Procedure &procedure, const std::string &name, const Entry &entry) {
    (void)step([&] { begun(name); });
    procedure.commit();
    const std::optional<Failure> failure =
        entry.job != nullptr ? run_parts(procedure, entry.job) : entry.long_job.run(procedure);
    if (failure)
        pg::call([&] {
            ereport(LOG,
                    (errmsg("gdpr: job \"%s\" failed: %s", name.c_str(), failure->text.c_str()), errhidestmt(true)));
        });
    (void)step([&] { ended(name, failure ? std::optional(failure->text) : std::nullopt); });
    procedure.commit();
}

} // namespace

std::map<std::string, Entry> &jobs() {
    static auto *all = new std::map<std::string, Entry>;
    return *all;
}

void add_job(const char *name, Job job, int period) { jobs()[name] = {job, period, {}}; }

void add_long_job(const char *name, LongJob job) { jobs()[name] = {nullptr, 0, job}; }

void init() { init_worker(); }

} // namespace gdpr::work

using namespace gdpr;

GDPR_FUNCTION(gdpr_run_due_work) {
    if (!pg::is_member_of("gdpr_officer") && !pg::is_member_of("gdpr_admin"))
        pg::require_role("gdpr_officer", "do the work that is due");
    std::optional<std::string> only;
    if (!PG_ARGISNULL(0)) {
        only = pg::to_string(PG_GETARG_DATUM(0));
        if (!work::jobs().contains(*only))
            pg::raise(ERRCODE_UNDEFINED_OBJECT, "there is no such job", "", "gdpr.due_work lists them.");
    }
    pg::Procedure procedure(fcinfo, "gdpr.run_due_work()");
    const work::Lock lock(work::Lock::What::working);
    if (!lock.taken()) {
        pg::call([] { ereport(NOTICE, (errmsg("another session is doing the work that is due"))); });
        PG_RETURN_VOID();
    }
    // Mail goes last: what the others queue must not wait for the next time that cron comes.
    for (const bool last : {false, true})
        for (const auto &[name, entry] : work::jobs())
            if ((!only || *only == name) && (entry.job == nullptr) == last)
                work::run(procedure, name, entry);
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_work_jobs) {
    pg::ResultSet result(fcinfo);
    for (const auto &[name, entry] : work::jobs())
        result.add(
            {pg::param(name), entry.job != nullptr ? pg::param(std::int32_t{entry.period}) : pg::null_param(INT4OID)});
    PG_RETURN_NULL();
}
