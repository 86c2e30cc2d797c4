#include "request/record.hpp"

#include "mail/outbox.hpp"
#include "pg/pg.hpp"
#include "request/history.hpp"
#include "rights/format.hpp"
#include "subject/same_person.hpp"

namespace gdpr::request {

namespace {

/// What every mail about a request may name.
std::map<std::string, std::string> common_fields(const Request &request) {
    const pg::OwnerScope scope(pg::gdpr_relation("request"));
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT gdpr.local_date(received_at)::pg_catalog.text,"
                                  " gdpr.local_date(due_at)::pg_catalog.text FROM gdpr.request WHERE id = $1",
                                  {pg::param(request.id)});
    return {{"request", std::to_string(request.id)},
            {"kind", request.kind},
            {"received", rows.text_or(0, 1)},
            {"due", rows.text_or(0, 2)}};
}

} // namespace

Request locked(std::int64_t id) {
    const pg::OwnerScope scope(pg::gdpr_relation("request"));
    pg::Spi spi;
    const pg::Rows rows =
        spi.run("SELECT kind, way, state, subject_table, key::pg_catalog.text, contact::pg_catalog.text,"
                " details::pg_catalog.jsonb::pg_catalog.text, verified_at IS NOT NULL, paused_at IS NOT NULL,"
                " extended_at IS NOT NULL, released_at IS NOT NULL, pg_catalog.now() > due_at, closed_at IS NOT NULL"
                "  FROM gdpr.request WHERE id = $1 FOR UPDATE",
                {pg::param(id)});
    if (rows.empty())
        pg::raise(ERRCODE_NO_DATA_FOUND, "there is no such request", "", "See gdpr.request.");
    Request request;
    request.id = id;
    request.kind = rows.text_or(0, 1);
    request.way = rows.text_or(0, 2);
    request.state = rows.text_or(0, 3);
    if (rows.datum(0, 4) && rows.datum(0, 5))
        request.subject = subject::Subject{rows.oid(0, 4), rows.text_or(0, 5)};
    request.contact = rows.text(0, 6);
    request.details = rows.text(0, 7);
    request.verified = rows.boolean(0, 8);
    request.paused = rows.boolean(0, 9);
    request.extended = rows.boolean(0, 10);
    request.released = rows.boolean(0, 11);
    request.overdue = rows.boolean(0, 12);
    if (rows.boolean(0, 13))
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the request is closed", "It is " + request.state + ".",
                  "What was done is in gdpr.request_event. Whoever asks anew makes a new request.");
    return request;
}

void change(const Request &request, const std::string &assignments, const std::vector<pg::Param> &params) {
    history::change("request", request.id, assignments, params);
}

void record_event(std::int64_t request, std::string_view event, const std::optional<std::string> &note) {
    history::record("request", request, event, note);
}

std::optional<std::string> detail(const Request &request, const char *name) {
    if (!request.details)
        return std::nullopt;
    const pg::OwnerScope scope(pg::gdpr_relation("request"));
    pg::Spi spi;
    return spi.run("SELECT $1::pg_catalog.jsonb ->> $2", {pg::param(*request.details), pg::param(name)}, true)
        .text(0, 1);
}

bool is_address(const std::string &text) {
    const std::size_t at = text.find('@');
    return at != std::string::npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == std::string::npos &&
           std::none_of(text.begin(), text.end(), [](unsigned char letter) {
               return letter <= ' ' || letter == 127 || std::strchr("<>,;:\"()[]\\", letter) != nullptr;
           });
}

std::optional<std::int64_t> tell(const Request &request, const std::string &template_name,
                                 const std::map<std::string, std::string> &fields, const std::string &attachment) {
    mail::Instruction instruction;
    instruction.template_name = template_name;
    instruction.attachment = attachment;
    const bool known = request.verified && request.subject;
    if (!known && request.contact && is_address(*request.contact))
        instruction.address = request.contact;
    else if (request.subject && (request.way == "mail" || request.way == "web"))
        instruction.subject = request.subject;
    else
        return std::nullopt;
    std::map<std::string, std::string> all = common_fields(request);
    for (const auto &[name, value] : fields)
        all[name] = value;
    for (auto &[name, value] : all)
        value = rights::json_string(value);
    instruction.parameters = rights::json_object(all);
    return mail::queue(instruction);
}

std::vector<subject::Subject> lock_asker(const subject::Subject &subject) {
    std::vector<subject::Subject> rows{subject};
    (void)pg::attempt([](const pg::Error &error) { return error.sqlstate() == ERRCODE_PROGRAM_LIMIT_EXCEEDED; },
                      [&] { rows = subject::lock_same_person(subject); });
    (void)subject::lock_person(subject); // of a table without the word, it was not
    return rows;
}

std::vector<subject::Subject> lock_person_of(std::int64_t id) {
    std::optional<subject::Subject> person;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("request"));
        pg::Spi spi;
        const pg::Rows rows = spi.run("SELECT subject_table, key::pg_catalog.text FROM gdpr.request"
                                      " WHERE id = $1 AND closed_at IS NULL",
                                      {pg::param(id)});
        if (!rows.empty() && rows.datum(0, 1) && rows.datum(0, 2))
            person = subject::Subject{rows.oid(0, 1), rows.text_or(0, 2)};
    }
    return person ? lock_asker(*person) : std::vector<subject::Subject>();
}

Request request_argument(FunctionCallInfo fcinfo, const char *doing) {
    pg::require_role("gdpr_officer", doing);
    pg::refuse_nulls(fcinfo, {"id"});
    return locked(PG_GETARG_INT64(0));
}

std::string words(FunctionCallInfo fcinfo, int argument, const char *name) {
    return history::words(fcinfo, argument, name, "Say it in words: it is kept, and whoever asks may be told it.");
}

} // namespace gdpr::request
