// CALL gdpr.expire(), its preview gdpr.expiring, and the job that does it: rows and people whose time is over, a batch
// a transaction.
#include "pg/pg.hpp"
#include "pg/procedure.hpp"
#include "retention/people.hpp"
#include "retention/retention.hpp"
#include "work/work.hpp"

namespace gdpr::retention {

namespace {

/// One pass over everything that is due, in steps that each fit into a transaction. What it knows between them is where
/// it is; after a crash another begins anew and finds what is left.
class Run {
  public:
    /// False when there is nothing more.
    bool step();
    std::uint64_t refused() const noexcept { return refused_ + finish_.refused() + withdrawal_.refused(); }

  private:
    enum class Phase { begin, finish, withdrawn, rows, done };

    bool step_rows(Done &done);
    void record(const Done &done, const char *ground);

    Phase phase_ = Phase::begin;
    FinishPass finish_;
    WithdrawalPass withdrawal_;
    std::vector<Term> terms_;
    std::vector<std::pair<std::size_t, Oid>> leaves_; // by place in terms_, the last one first
    std::unique_ptr<RowPass> pass_;
    std::uint64_t refused_ = 0;
    std::map<std::tuple<Oid, std::string, std::string>, std::int64_t> receipts_;
};

bool Run::step() {
    pg::make_constraints_immediate();
    Done done;
    switch (phase_) {
    case Phase::begin:
        terms_ = terms();
        for (std::size_t i = terms_.size(); i-- > 0;)
            for (const Oid leaf : leaves_of(terms_[i].relation))
                leaves_.emplace_back(i, leaf);
        phase_ = Phase::finish;
        return true;
    case Phase::finish:
        if (!finish_.step(done))
            phase_ = Phase::withdrawn;
        record(done, "kept until now");
        return true;
    case Phase::withdrawn:
        if (!withdrawal_.step(done))
            phase_ = Phase::rows; // each has its receipt already
        return true;
    case Phase::rows:
        if (!step_rows(done))
            phase_ = Phase::done;
        record(done, "time is over");
        return phase_ != Phase::done;
    case Phase::done:
        break;
    }
    return false;
}

bool Run::step_rows(Done &done) {
    while (!leaves_.empty()) {
        const auto [term, leaf] = leaves_.back();
        if (!pass_ && pg::relation_exists(leaf))
            pass_ = std::make_unique<RowPass>(terms_[term], leaf);
        if (pass_ && pg::relation_exists(leaf) && pass_->step(done))
            return true;
        if (pass_)
            refused_ += pass_->refused();
        pass_.reset();
        leaves_.pop_back();
        if (!done.empty())
            return !leaves_.empty();
    }
    return false;
}

/// One receipt for what one run did to one relation, which grows with it.
void Run::record(const Done &done, const char *ground) {
    for (const auto &[what, rows] : done) {
        const pg::OwnerScope scope(pg::gdpr_relation("expiry"));
        pg::Spi spi;
        const pg::Param count = pg::param(static_cast<std::int64_t>(rows));
        std::int64_t &receipt = receipts_[{what.first, what.second, ground}];
        if (receipt != 0)
            (void)spi.run("UPDATE gdpr.expiry SET rows = rows + $2, at = pg_catalog.clock_timestamp() WHERE id = $1",
                          {pg::param(receipt), count});
        else
            receipt = spi.run("INSERT INTO gdpr.expiry (relation, action, ground, rows) VALUES ($1, $2, $3, $4)"
                              " RETURNING id",
                              {pg::param_oid(what.first), pg::param(what.second), pg::param(ground), count})
                          .number(0, 1);
    }
}

void tell(const Run &run) {
    if (const std::string refused = std::to_string(run.refused()); run.refused() > 0)
        pg::call([&] {
            ereport(NOTICE,
                    (errmsg("%s rows or people whose time is over could not go", refused.c_str()),
                     errdetail("A constraint or a trigger forbids it, or something that is kept hangs on them."),
                     errhint("gdpr.expiring still has them.")));
        });
}

Run *job = nullptr; // between the steps of the job

bool expire_job() {
    if (job == nullptr)
        job = new Run;
    bool more = false;
    try {
        more = job->step();
    } catch (...) {
        delete std::exchange(job, nullptr);
        throw;
    }
    if (!more)
        delete std::exchange(job, nullptr);
    return more;
}

/// Entries of the blocklist that have lapsed recognise nobody any more.
bool forget_blocks() {
    constexpr std::uint64_t most = 10000;
    pg::Spi spi;
    return spi.run("DELETE FROM gdpr.blocklist WHERE ctid = ANY (ARRAY(SELECT ctid FROM gdpr.blocklist"
                   " WHERE until < pg_catalog.now() LIMIT $1 FOR UPDATE SKIP LOCKED))",
                   {pg::param(static_cast<std::int64_t>(most))})
               .processed() == most;
}

void preview(pg::ResultSet &result) {
    const auto add = [&](Oid relation, const char *action, std::uint64_t rows) {
        if (rows > 0)
            result.add({pg::param_oid(relation), pg::param(action), pg::param(static_cast<std::int64_t>(rows))});
    };
    for (const auto &[relation, people] : count_to_finish())
        add(relation, "finish erasure", people);
    for (const auto &[relation, people] : count_withdrawn())
        add(relation, "erase after withdrawal", people);
    for (const Term &term : terms()) {
        std::uint64_t due = 0, restricted = 0;
        for (const Oid leaf : leaves_of(term.relation)) {
            const auto [free, held] = count_due(term, leaf);
            due += free;
            restricted += held;
        }
        add(term.relation, term.action(), due);
        add(term.relation, "restricted or held", restricted);
    }
}

} // namespace

void init() {
    constexpr int hour = 3600;
    work::add_job("expire", expire_job, hour);
    work::add_job("blocklist: forget lapsed", forget_blocks, 24 * hour);
}

} // namespace gdpr::retention

using namespace gdpr;

GDPR_FUNCTION(gdpr_expire) {
    pg::require_role("gdpr_officer", "expire what has had its time");
    pg::Procedure procedure(fcinfo, "gdpr.expire()");
    retention::Run run;
    for (bool more = true; more;) {
        more = run.step();
        procedure.commit();
        pg::call([] { CHECK_FOR_INTERRUPTS(); });
    }
    retention::tell(run);
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_expiring_rows) {
    pg::ResultSet result(fcinfo);
    pg::make_constraints_immediate();
    retention::preview(result);
    PG_RETURN_NULL();
}
