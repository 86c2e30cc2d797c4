// Work that is due by itself: whoever sees to a request is reminded before it is too late; what was written down of
// whoever asked goes some time after the answer.
#include "mail/outbox.hpp"
#include "pg/pg.hpp"
#include "request/record.hpp"
#include "rights/format.hpp"
#include "work/work.hpp"

namespace gdpr::request {

namespace {

/// A week before, two days before, and when it is late; once each. The assignee, or else the protection officer.
constexpr const char *due_requests =
    "SELECT q.id, q.kind, gdpr.local_date(q.due_at)::pg_catalog.text, q.days_left::pg_catalog.text,"
    "       coalesce(r.assignee_address::pg_catalog.text, pg_catalog.substring(c.protection_officer,"
    "                '[^[:space:]<>,;:()]+@[^[:space:]<>,;:()]+')), level"
    "  FROM gdpr.request_queue AS q JOIN gdpr.request AS r USING (id) LEFT JOIN gdpr.controller AS c ON true,"
    "       LATERAL (SELECT CASE WHEN q.days_left < 0 THEN 3 WHEN q.days_left <= 2 THEN 2 ELSE 1 END) AS l (level)"
    " WHERE q.paused_at IS NULL AND r.due_at < pg_catalog.now() + interval '9 days' AND q.days_left <= 7"
    "   AND r.escalations < level ORDER BY q.due_at, q.id LIMIT 100 FOR UPDATE OF r SKIP LOCKED";

bool escalate() {
    struct Due {
        std::int64_t id;
        std::string kind, due, days;
        std::optional<std::string> address;
        std::int64_t level;
    };
    std::vector<Due> found;
    {
        pg::Spi spi;
        const pg::Rows rows = spi.run(due_requests);
        for (std::uint64_t row = 0; row < rows.size(); row++)
            found.push_back({rows.number(row, 1), rows.text_or(row, 2), rows.text_or(row, 3), rows.text_or(row, 4),
                             rows.text(row, 5), rows.number(row, 6)});
    }
    for (const Due &each : found) {
        if (each.address && is_address(*each.address)) {
            mail::Instruction instruction;
            instruction.template_name = "request_due";
            instruction.address = each.address;
            instruction.recipient = "officer";
            instruction.parameters = rights::json_object(
                std::map<std::string, std::string>{{"request", rights::json_string(std::to_string(each.id))},
                                                   {"kind", rights::json_string(each.kind)},
                                                   {"due", rights::json_string(each.due)},
                                                   {"days_left", rights::json_string(each.days)}});
            (void)mail::queue(instruction);
        } else
            mail::notify("request " + std::to_string(each.id));
        Request request;
        request.id = each.id;
        change(request, "escalations = $2", {pg::param(each.level)});
        record_event(each.id, "escalated", each.days + " days left");
    }
    return found.size() == 100;
}

/// What could not be delivered is no answer: where the mail was the answer, the request is open again; of a right that
/// was exercised all the same, the history says that nobody was told.
bool reopen() {
    struct Dead {
        std::int64_t id;
        std::string error;
    };
    std::vector<Dead> found;
    {
        pg::Spi spi;
        const pg::Rows rows = spi.run(
            "WITH dead AS (SELECT r.id, o.error FROM gdpr.outbox AS o JOIN gdpr.request AS r ON r.answer = o.id"
            "     WHERE o.state = 'dead' ORDER BY r.id LIMIT 100 FOR UPDATE OF r SKIP LOCKED),"
            " again AS (SELECT r.id, r.state = 'refused' OR r.kind IN ('access', 'portability', 'notification') AS open"
            "     FROM gdpr.request AS r JOIN dead USING (id)),"
            " done AS (UPDATE gdpr.request AS r SET answer = NULL,"
            "     state = CASE WHEN again.open THEN 'open' ELSE r.state END,"
            "     closed_at = CASE WHEN again.open THEN NULL ELSE r.closed_at END,"
            "     escalations = CASE WHEN again.open THEN 0 ELSE r.escalations END"
            "     FROM again WHERE again.id = r.id)"
            " SELECT id, error FROM dead ORDER BY id");
        for (std::uint64_t row = 0; row < rows.size(); row++)
            found.push_back({rows.number(row, 1), rows.text_or(row, 2)});
    }
    for (const Dead &each : found) {
        record_event(each.id, "undelivered", each.error);
        mail::notify("request " + std::to_string(each.id));
    }
    return found.size() == 100;
}

/// Claims against the answer lapse; that it was given, and when, stays.
bool forget_contacts() {
    pg::Spi spi;
    return spi.run(
                  "WITH old AS (SELECT r.id FROM gdpr.request AS r WHERE r.closed_at < pg_catalog.now() - interval '3 years'"
                  "    AND (r.contact IS NOT NULL OR r.details IS NOT NULL OR EXISTS (SELECT FROM gdpr.request_event AS e"
                  "             WHERE e.request = r.id AND e.note IS NOT NULL)) ORDER BY r.closed_at LIMIT 1000),"
                  " notes AS (UPDATE gdpr.request_event AS e SET note = NULL FROM old WHERE e.request = old.id)"
                  " UPDATE gdpr.request AS r SET contact = NULL, details = NULL FROM old WHERE r.id = old.id")
               .processed() == 1000;
}

} // namespace

void init_escalation() {
    constexpr int hour = 3600;
    work::add_job("requests: reopen undelivered", reopen);
    work::add_job("requests: remind", escalate, hour);
    work::add_job("requests: forget contacts", forget_contacts, 24 * hour);
}

} // namespace gdpr::request
