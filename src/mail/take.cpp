// For those who send by their own means: mails rendered, taken and acknowledged.
#include "mail/outbox.hpp"
#include "mail/queue.hpp"
#include "pg/pg.hpp"
#include "work/step.hpp"

using namespace gdpr;

namespace {

constexpr TimestampTz lease = 600; // seconds in which a mail that was taken is acknowledged

void taken(std::int64_t id) {
    pg::Spi spi;
    (void)spi.run(
        "UPDATE gdpr.outbox SET state = 'taken', next_attempt = $2 WHERE id = $1",
        {pg::param(id), pg::param(TIMESTAMPTZOID, TimestampTzGetDatum(GetCurrentTimestamp() + lease * USECS_PER_SEC))});
}

void failed(const mail::Queued &queued, const work::Failure &failure, const mail::Settings &settings) {
    const auto kind =
        failure.sqlstate == mail::undeliverable ? mail::Outcome::Kind::rejected : mail::Outcome::Kind::deferred;
    (void)work::step([&] { mail::record(queued, {kind, failure.text}, settings); });
}

} // namespace

GDPR_FUNCTION(gdpr_take_mail) {
    pg::require_role("gdpr_mailer", "take mails");
    pg::ResultSet result(fcinfo);
    const mail::Settings settings = mail::settings();
    if (!settings.from)
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "gdpr.mail_from is not set");
    std::vector<std::int64_t> ids;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("outbox"));
        mail::recover_taken();
        ids = mail::claim(PG_GETARG_INT32(0));
    }
    for (const std::int64_t id : ids) {
        std::optional<mail::Queued> queued;
        mail::Letter letter;
        {
            const pg::OwnerScope scope(pg::gdpr_relation("outbox"));
            queued = mail::begin(id, settings);
        }
        if (!queued)
            continue;
        const auto failure = work::step([&] {
            letter = mail::render(*queued, settings);
            taken(id);
        });
        if (failure)
            failed(*queued, *failure, settings);
        else
            result.add({pg::param(id), pg::param(settings.from->address), pg::param(letter.address),
                        pg::param_bytes(letter.bytes)});
    }
    PG_RETURN_NULL();
}

GDPR_FUNCTION(gdpr_acknowledge_mail) {
    pg::require_role("gdpr_mailer", "acknowledge mails");
    const int code = PG_GETARG_INT32(1);
    if (code < 200 || code > 599 || (code >= 300 && code < 400))
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "this is not the answer of a mail server", "",
                  "250: it was taken over; 4xx: not now; 5xx: never.");
    const mail::Outcome outcome =
        code < 300   ? mail::Outcome{mail::Outcome::Kind::sent, ""}
        : code < 500 ? mail::Outcome{mail::Outcome::Kind::deferred, "deferred " + std::to_string(code)}
                     : mail::Outcome{mail::Outcome::Kind::rejected, "rejected " + std::to_string(code)};
    const pg::OwnerScope scope(pg::gdpr_relation("outbox"));
    const auto queued = mail::find_taken(PG_GETARG_INT64(0));
    if (!queued)
        pg::raise(ERRCODE_NO_DATA_FOUND, "no such mail was taken",
                  "It may have been taken too long ago, or its person is gone.", "Take it again by gdpr.take_mail().");
    mail::record(*queued, outcome, mail::settings());
    PG_RETURN_VOID();
}
