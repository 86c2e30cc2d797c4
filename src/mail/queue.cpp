#include "mail/queue.hpp"

#include "audit/audit.hpp"
#include "cipher/cipher.hpp"
#include "mail/outbox.hpp"
#include "pg/pg.hpp"

namespace gdpr::mail {

namespace {

constexpr int longest_delay = 4 * 3600; // seconds

const std::string columns =
    "template, subject_table, key::pg_catalog.text, recipient, address::pg_catalog.text,"
    " reference::pg_catalog.text, attachment, parameters::pg_catalog.text, message_id, attempts";

std::optional<Queued> read(std::int64_t id, const pg::Rows &rows) {
    if (rows.empty())
        return std::nullopt;
    Queued queued;
    queued.id = id;
    queued.template_name = rows.text_or(0, 1);
    if (const auto key = rows.text(0, 3))
        queued.subject = subject::Subject{rows.oid(0, 2), *key};
    queued.recipient = rows.text(0, 4);
    queued.address = rows.text(0, 5);
    queued.reference = rows.text(0, 6);
    queued.attachment = rows.text(0, 7);
    queued.parameters = rows.text(0, 8);
    queued.message_id = rows.text(0, 9);
    queued.attempts = static_cast<int>(rows.number(0, 10));
    return queued;
}

pg::Param time(TimestampTz at) { return pg::param(TIMESTAMPTZOID, TimestampTzGetDatum(at)); }

} // namespace

void recover() {
    pg::Spi spi;
    (void)spi.run("UPDATE gdpr.outbox SET state = 'queued' WHERE state = 'sending'");
    recover_taken();
}

void recover_taken() {
    pg::Spi spi;
    (void)spi.run("UPDATE gdpr.outbox SET state = 'queued' WHERE state = 'taken'"
                  " AND next_attempt <= pg_catalog.clock_timestamp()");
}

std::vector<std::int64_t> claim(int most) {
    pg::Spi spi;
    // A time that the index can be searched for, as the volatile clock_timestamp() is not: many may wait for later.
    const pg::Rows rows =
        spi.run("WITH due AS MATERIALIZED (SELECT id FROM gdpr.outbox WHERE state = 'queued' AND next_attempt <= $2"
                " ORDER BY next_attempt, id LIMIT $1 FOR UPDATE SKIP LOCKED)"
                " UPDATE gdpr.outbox AS o SET state = 'sending' FROM due WHERE o.id = due.id RETURNING o.id",
                {pg::param(most), time(GetCurrentTimestamp())});
    std::vector<std::int64_t> ids;
    for (std::uint64_t row = 0; row < rows.size(); row++)
        ids.push_back(rows.number(row, 1));
    std::sort(ids.begin(), ids.end());
    return ids;
}

std::optional<Queued> begin(std::int64_t id, const Settings &settings) {
    pg::Spi spi;
    const pg::Rows rows = spi.run(
        "UPDATE gdpr.outbox SET attempts = attempts + 1, message_id = coalesce(message_id,"
        " pg_catalog.concat('<', pg_catalog.gen_random_uuid(), '@', $2, '>')) WHERE id = $1 AND state = 'sending'"
        " RETURNING " +
            columns,
        {pg::param(id), pg::param(domain_of(settings.from->address))});
    return read(id, rows);
}

std::optional<Queued> find_taken(std::int64_t id) {
    pg::Spi spi;
    return read(id, spi.run("SELECT " + columns + " FROM gdpr.outbox WHERE id = $1 AND state = 'taken' FOR UPDATE",
                            {pg::param(id)}));
}

TimestampTz retry_at(int attempts, const Settings &settings) {
    const double doubled = settings.retry_delay * static_cast<double>(1ULL << std::clamp(attempts - 1, 0, 30));
    std::uint8_t byte = 128;
    (void)cipher::random_bytes(&byte, 1);
    const double jitter = 0.75 + byte / 510.0;
    return GetCurrentTimestamp() +
           static_cast<TimestampTz>(std::min<double>(doubled, longest_delay) * jitter * USECS_PER_SEC);
}

void postpone(const Queued &queued, TimestampTz until, const std::string &error) {
    pg::Spi spi;
    (void)spi.run("UPDATE gdpr.outbox SET state = 'queued', attempts = attempts - 1, next_attempt = $2,"
                  " error = coalesce($3, error) WHERE id = $1",
                  {pg::param(queued.id), time(until), error.empty() ? pg::null_param(TEXTOID) : pg::param(error)});
}

void record(const Queued &queued, const Outcome &outcome, const Settings &settings) {
    if (outcome.kind == Outcome::Kind::sent) {
        bool there = false;
        {
            pg::Spi spi;
            there =
                spi.run("UPDATE gdpr.outbox SET state = 'sent', sent_at = pg_catalog.clock_timestamp(), error = NULL,"
                        " address = NULL, reference = NULL, parameters = NULL WHERE id = $1",
                        {pg::param(queued.id)})
                    .processed() > 0;
        }
        // Of whoever was forgotten meanwhile, the log must not know again.
        if (queued.subject && there)
            audit::record(*queued.subject, "mail", queued.template_name);
        return;
    }
    const bool dead = outcome.kind == Outcome::Kind::rejected || queued.attempts >= settings.attempts;
    {
        pg::Spi spi;
        (void)spi.run("UPDATE gdpr.outbox SET state = $2, next_attempt = $3, error = $4 WHERE id = $1",
                      {pg::param(queued.id), pg::param(dead ? "dead" : "queued"),
                       time(retry_at(queued.attempts, settings)), pg::param(outcome.error)});
    }
    if (dead)
        notify("mail dead " + std::to_string(queued.id));
}

std::optional<TimestampTz> next_due() {
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT next_attempt FROM gdpr.outbox WHERE state = 'queued'"
                                  " ORDER BY next_attempt LIMIT 1",
                                  {}, true);
    const auto at = rows.empty() ? std::nullopt : rows.datum(0, 1);
    return at ? std::optional(DatumGetTimestampTz(*at)) : std::nullopt;
}

bool forget_old(int days) {
    constexpr std::int64_t most = 10000;
    std::uint64_t rows = 0;
    pg::Spi spi;
    for (const char *state : {"sent", "dead"})
        rows = std::max(rows, spi.run("DELETE FROM gdpr.outbox WHERE id IN (SELECT id FROM gdpr.outbox WHERE state = $1"
                                      " AND next_attempt < pg_catalog.now() - $2 * interval '1 day'"
                                      " ORDER BY next_attempt LIMIT $3 FOR UPDATE SKIP LOCKED)",
                                      {pg::param(state), pg::param(std::int32_t{days}), pg::param(most)})
                                  .processed());
    return rows == static_cast<std::uint64_t>(most);
}

} // namespace gdpr::mail
