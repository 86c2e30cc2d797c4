// The job that sends what is queued. A mail is begun, rendered and recorded in transactions of their own and sent
// between two of them, so whatever happens, it is sent at least once: a crash after the server took it over, and before
// that is recorded, is the only way to send one twice.
#include "mail/drain.hpp"

#include "mail/pace.hpp"
#include "mail/queue.hpp"
#include "pg/pg.hpp"
#include "work/work.hpp"

#include <cmath>

namespace gdpr::mail {

namespace {

using Kind = Outcome::Kind;

constexpr int batch = 100;
constexpr int longest_pause = 600; // seconds, while the mail server is in trouble

TimestampTz next_run = 0; // as far as this process knows
int pauses = 0;           // one after the other

TimestampTz in_seconds(double seconds) {
    return GetCurrentTimestamp() + static_cast<TimestampTz>(seconds * USECS_PER_SEC);
}

/// From one run to the next of this process: the worker runs whenever work is committed.
Pace &pace_of(const Settings &settings) {
    static Pace pace;
    const std::int64_t pause = std::int64_t{settings.retry_delay} * USECS_PER_SEC;
    if (!pace.is(settings.domain_rate, pause))
        pace = Pace(settings.domain_rate, pause);
    return pace;
}

class Drain {
  public:
    Drain(pg::Procedure &procedure, const Settings &settings)
        : procedure_(procedure), settings_(settings), smtp_(settings), pace_(pace_of(settings)) {}

    std::optional<work::Failure> run();

  private:
    using Step = std::function<void()>;

    void one(std::int64_t id);
    /// Runs a step and commits; false, and the failure kept, where it failed.
    bool done(const Step &step);
    /// Until what became of a mail is recorded, neither cancel nor shutdown must come between.
    void hold();
    void resume();

    pg::Procedure &procedure_;
    const Settings &settings_;
    Smtp smtp_;
    Pace &pace_;
    std::optional<work::Failure> failure_; // of the database or the server: then it ends
    bool held_ = false;
    Step pending_; // what is to be recorded of the mail before, with the next transaction
};

bool Drain::done(const Step &step) {
    failure_ = work::step(step);
    procedure_.commit();
    return !failure_;
}

void Drain::hold() {
    HOLD_INTERRUPTS();
    held_ = true;
}

void Drain::resume() {
    // An error has ended all holding.
    if (held_ && InterruptHoldoffCount > 0)
        RESUME_INTERRUPTS();
    held_ = false;
    pg::call([] { CHECK_FOR_INTERRUPTS(); });
}

std::optional<work::Failure> Drain::run() {
    (void)done([] { recover(); });
    while (!failure_) {
        std::vector<std::int64_t> ids;
        if (!done([&] { ids = claim(batch); }) || ids.empty())
            break;
        for (const std::int64_t id : ids) {
            if (failure_)
                break;
            one(id);
        }
        const std::optional<work::Failure> failure = failure_;
        (void)done([&] {
            if (pending_)
                pending_();
            if (failure) // what was not come to is queued again
                recover();
        });
        pending_ = nullptr;
        resume();
        if (failure)
            failure_ = failure;
    }
    return failure_;
}

void Drain::one(std::int64_t id) {
    std::optional<Queued> queued;
    const bool begun = done([&] {
        if (pending_)
            pending_();
        queued = begin(id, settings_);
    });
    pending_ = nullptr;
    resume();
    if (!begun || !queued)
        return;
    if (queued->attempts > settings_.attempts) {
        pending_ = [this, mail = *queued] { record(mail, {Kind::rejected, "given up"}, settings_); };
        return;
    }
    Letter letter;
    TimestampTz slot = 0;
    const std::optional<work::Failure> failed = work::step([&] {
        const std::string domain = domain_of(destination(*queued));
        slot = pace_.slot(domain, GetCurrentTimestamp());
        if (slot > GetCurrentTimestamp())
            postpone(*queued, slot, "");
        else
            letter = render(*queued, settings_);
    });
    if (failed) {
        const Outcome outcome{failed->sqlstate == undeliverable ? Kind::rejected : Kind::deferred, failed->text};
        pending_ = [this, mail = *queued, outcome] { record(mail, outcome, settings_); };
        procedure_.commit();
        return;
    }
    Outcome outcome{Kind::interrupted, ""};
    procedure_.commit_and([&] {
        if (letter.bytes.empty())
            return;
        hold();
        outcome = smtp_.send(settings_.from->address, letter.address, letter.bytes);
    });
    const std::string domain = domain_of(letter.address);
    switch (outcome.kind) {
    case Kind::interrupted: // or postponed
        break;
    case Kind::trouble:
        failure_ = {ERRCODE_CONNECTION_FAILURE, outcome.error};
        pending_ = [this, mail = *queued, outcome] { postpone(mail, retry_at(1, settings_), outcome.error); };
        break;
    case Kind::deferred:
        pace_.deferred(domain, GetCurrentTimestamp());
        pending_ = [this, mail = *queued, outcome] { record(mail, outcome, settings_); };
        break;
    case Kind::sent:
    case Kind::rejected:
        pace_.answered(domain);
        pending_ = [this, mail = *queued, outcome] { record(mail, outcome, settings_); };
        break;
    }
}

std::optional<work::Failure> drain(pg::Procedure &procedure) {
    next_run = in_seconds(60); // should this end by an error
    const Settings now = settings();
    if (now.url.empty()) // they send by their own means
        return std::nullopt;
    if (!now.from)
        return work::Failure{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "gdpr.mail_from is not set"};
    std::optional<Drain> work;
    std::optional<work::Failure> failure = work::step([&] { work.emplace(procedure, now); });
    if (work)
        failure = work->run();
    std::optional<TimestampTz> due;
    (void)work::step([&] { due = next_due(); });
    next_run = in_seconds(longest_pause);
    pauses = failure ? std::min(pauses + 1, 16) : 0;
    if (failure) // not sooner for being woken
        next_run =
            in_seconds(std::min<double>(longest_pause, std::max(now.retry_delay, 1) * std::pow(2.0, pauses - 1)));
    else if (due)
        next_run = std::min(next_run, *due);
    return failure;
}

} // namespace

void init_drain() {
    work::add_long_job("mail", {drain, [](bool woken) { return woken && pauses == 0 ? 0 : next_run; }});
    work::add_job(
        "mail: forget old", [] { return forget_old(settings().keep_days); }, 24 * 3600);
}

} // namespace gdpr::mail
