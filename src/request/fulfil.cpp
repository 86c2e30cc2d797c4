// A request is answered: by the function of its right, or refused, or withdrawn.
#include "audit/audit.hpp"
#include "mail/outbox.hpp"
#include "pg/pg.hpp"
#include "request/record.hpp"
#include "rights/person.hpp"
#include "rights/portability.hpp"
#include "rights/rows.hpp"
#include "subject/same_person.hpp"

namespace gdpr::request {

namespace {

/// Limiting processing does no harm to whoever is taken for another, and must be easy (Art. 7(3)).
bool needs_identity(const Request &request) {
    return request.kind != "restriction" && request.kind != "objection" && request.kind != "automated_decision" &&
           request.kind != "withdrawal";
}

/// Would the answer show words of rows in which others have a part (Art. 15(4))?
bool needs_review(const Request &request) {
    if (request.kind != "access" && request.kind != "portability")
        return false;
    std::optional<rights::Portability> portability;
    if (request.kind == "portability")
        portability.emplace();
    const subject::Collection collection = rights::collect_person(*request.subject);
    for (const subject::Selection &selection : collection.selections()) {
        const bool accessed = selection.step.kind == subject::Step::Kind::accessed;
        if (portability && accessed)
            continue;
        rights::Rows rows(collection, selection, rights::Rows::Form::text,
                          portability ? portability->omitted(selection.step.node) : std::set<std::string>());
        if (rows.columns().empty())
            continue;
        (void)rows.each([](const rights::Cells &) {});
        if (!rows.unchecked().empty())
            return true;
    }
    return false;
}

std::string needed(const Request &request, const char *name, const char *example) {
    const auto found = detail(request, name);
    if (!found || found->empty())
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, std::string("the request does not say its ") + name,
                  "Its details have none.",
                  std::string("SELECT gdpr.amend_request(") + std::to_string(request.id) + ", '" + example + "')");
    return *found;
}

/// A right is exercised as the officer, who may; everything named in full.
void exercise(const std::string &call, std::vector<pg::Param> params, const Request &request) {
    params.insert(params.begin(), {pg::param_oid(request.subject->table), pg::param(request.subject->key)});
    pg::Spi spi;
    (void)spi.run("SELECT FROM " + call, params);
}

std::string reason_of(const Request &request) {
    const auto reason = detail(request, "reason");
    return "request " + std::to_string(request.id) + (reason ? ": " + *reason : "");
}

std::int64_t newest_receipt() {
    const pg::OwnerScope scope(pg::gdpr_relation("erasure"));
    pg::Spi spi;
    return spi.run("SELECT coalesce(pg_catalog.max(id), 0) FROM gdpr.erasure").number(0, 1);
}

/// The receipt of the erasure just done; none where nothing was left to erase.
std::optional<std::int64_t> receipt_since(std::int64_t before, const std::string &reason) {
    const pg::OwnerScope scope(pg::gdpr_relation("erasure"));
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT id FROM gdpr.erasure WHERE id > $1 AND reason = $2 AND at = pg_catalog.now()"
                                  " ORDER BY id DESC LIMIT 1",
                                  {pg::param(before), pg::param(reason)});
    return rows.empty() ? std::nullopt : std::optional(rows.number(0, 1));
}

/// What the request led to.
struct Result {
    std::optional<std::int64_t> receipt, answer;
    void keep(const Request &request) const {
        const auto number = [](const std::optional<std::int64_t> &value) {
            return value ? pg::param(*value) : pg::null_param(INT8OID);
        };
        change(request, "receipt = $2, answer = $3", {number(receipt), number(answer)});
    }
};

Result erase(const Request &request, bool mailed) {
    Result result;
    // Nobody can be told afterwards at an address that is erased: only where they said themselves.
    if (mailed && request.contact && is_address(*request.contact)) {
        Request stranger = request;
        stranger.verified = false;
        result.answer = tell(stranger, "request_fulfilled");
    }
    const std::string reason = "request " + std::to_string(request.id);
    const std::int64_t before = newest_receipt();
    exercise("gdpr.forget($1, $2, $3, false)", {pg::param(reason)}, request);
    result.receipt = receipt_since(before, reason);
    return result;
}

std::string recipients_of(const Request &request) {
    std::set<std::string> names;
    for (const subject::Subject &each : subject::same_person(*request.subject)) {
        const pg::OwnerScope scope(pg::gdpr_relation("disclosure"));
        pg::Spi spi;
        const pg::Rows rows = spi.run("SELECT DISTINCT recipient FROM gdpr.disclosure"
                                      " WHERE subject_table = $1 AND key = $2",
                                      {pg::param_oid(each.table), pg::param(each.key)});
        for (std::uint64_t row = 0; row < rows.size(); row++)
            names.insert(rows.text_or(row, 1));
    }
    std::string text;
    for (const std::string &each : names)
        text += (text.empty() ? "" : "\n") + each;
    return text;
}

Result exercise_right(const Request &request, bool mailed) {
    const std::string &kind = request.kind;
    if (kind == "erasure")
        return erase(request, mailed);
    if (kind == "access")
        return {std::nullopt, mailed ? tell(request, "access", {}, "access") : std::nullopt};
    if (kind == "portability")
        return {std::nullopt, mailed ? tell(request, "export", {}, "export:csv") : std::nullopt};
    if (kind == "notification") {
        const std::string recipients = recipients_of(request);
        const std::map<std::string, std::string> fields{{"recipients", recipients},
                                                        {"no_recipients", recipients.empty() ? "none" : ""}};
        return {std::nullopt, mailed ? tell(request, "request_recipients", fields) : std::nullopt};
    }
    const pg::Param reason = pg::param(reason_of(request));
    if (kind == "rectification") {
        const std::string changes = needed(request, "changes", "{\"changes\": {\"column\": \"value\"}}");
        exercise("gdpr.rectify($1, $2, $3::pg_catalog.jsonb, $4)", {pg::param(changes), reason}, request);
    } else if (kind == "restriction") {
        exercise("gdpr.restrict($1, $2, $3)", {reason}, request);
    } else {
        const pg::Param purpose = pg::param(needed(request, "purpose", "{\"purpose\": \"newsletter\"}"));
        if (kind == "withdrawal")
            exercise("gdpr.withdraw_consent($1, $2, $3)", {purpose}, request);
        else
            exercise("gdpr.record_objection($1, $2, $3, $4, $5)",
                     {purpose, reason, pg::param(kind == "automated_decision")}, request);
    }
    return {std::nullopt, mailed ? tell(request, "request_fulfilled") : std::nullopt};
}

/// Closes it, and of its duplicates those that are answered with it: of rows of `answered`, the person, or of rows that
/// are gone.
void close(const Request &request, const std::string &state, const std::optional<std::string> &note,
           const std::vector<subject::Subject> &answered = {}) {
    const auto [tables, keys] = subject::arrays_of(answered);
    std::vector<std::int64_t> ids;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("request"));
        pg::Spi spi;
        const pg::Rows rows =
            spi.run("UPDATE gdpr.request SET state = $2, closed_at = pg_catalog.now(), paused_at = NULL"
                    " WHERE closed_at IS NULL AND (id = $1 OR (duplicate_of = $1 AND $2 = 'fulfilled' AND (key IS NULL"
                    "   OR EXISTS (SELECT FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4)) AS p (t, k)"
                    "               WHERE subject_table = p.t AND key = p.k)))) RETURNING id",
                    {pg::param(request.id), pg::param(state), tables, keys});
        for (std::uint64_t row = 0; row < rows.size(); row++)
            ids.push_back(rows.number(row, 1));
    }
    for (const std::int64_t id : ids)
        record_event(id, state, id == request.id ? note : "with request " + std::to_string(request.id));
}

void require_ready(const Request &request, bool nothing_held) {
    if (request.paused)
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the request waits for an answer",
                  "It is in the state " + request.state + ".",
                  "When the answer is there: gdpr.verify_identity() or gdpr.resume_request().");
    if (!request.subject && !nothing_held)
        pg::raise(
            ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the request names nobody",
            "It was opened without a person, or the person's row is gone.",
            "gdpr.verify_identity() says who it is. Where nothing is held of them, tell them so, and close it with "
            "delivery => 'handed'.");
    if (request.subject && !request.verified && needs_identity(request))
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "it was not verified who asks",
                  "Somebody else's data must not be handed out, changed or erased (Art. 12(6)).",
                  "gdpr.verify_identity(), or ask with gdpr.pause_request(…, 'identity', …).");
    if (request.state == "review")
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the answer is in review",
                  "It shows words of rows in which others have a part (Art. 15(4)).",
                  "Read what gdpr.access() lists under review, then gdpr.release_request().");
}

bool handed_over(const Request &request, FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1))
        return request.way != "mail" && request.way != "web";
    const std::string given = pg::to_string(PG_GETARG_DATUM(1));
    if (given != "mail" && given != "handed")
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "an answer is not delivered this way", "It is mail or handed.");
    return given == "handed";
}

std::optional<std::string> note_argument(FunctionCallInfo fcinfo, int argument) {
    return PG_ARGISNULL(argument) ? std::nullopt : std::optional(pg::to_string(PG_GETARG_DATUM(argument)));
}

} // namespace

} // namespace gdpr::request

using namespace gdpr;

GDPR_FUNCTION(gdpr_fulfil_request) {
    pg::require_role("gdpr_officer", "fulfil a request");
    pg::refuse_nulls(fcinfo, {"id"});
    const std::vector<subject::Subject> person = request::lock_person_of(PG_GETARG_INT64(0));
    const request::Request request = request::request_argument(fcinfo, "fulfil a request");
    const bool handed = request::handed_over(request, fcinfo);
    // Where nobody is named, that nothing is held must be said, and is no default.
    request::require_ready(request, handed && !PG_ARGISNULL(1));
    pg::make_constraints_immediate();
    if (request.subject && !request.released && request::needs_review(request)) {
        request::change(request, "state = 'review'");
        request::record_event(request.id, "review");
        return pg::text_datum("review");
    }
    // Before the right: of whoever is forgotten nothing can be written down afterwards.
    request::close(request, "fulfilled", request::note_argument(fcinfo, 2), person);
    if (request.subject)
        request::exercise_right(request, !handed).keep(request);
    return pg::text_datum("fulfilled");
}

GDPR_FUNCTION(gdpr_release_request) {
    const request::Request request = request::request_argument(fcinfo, "release an answer");
    if (request.state != "review")
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the request is not in review",
                  "It is in the state " + request.state + ".");
    request::change(request, "state = 'open', released_at = pg_catalog.now()");
    request::record_event(request.id, "released", request::note_argument(fcinfo, 1));
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_refuse_request) {
    const request::Request request = request::request_argument(fcinfo, "refuse a request");
    const std::string reason = request::words(fcinfo, 1, "reason");
    request::close(request, "refused", reason);
    if (const auto answer = request::tell(request, "request_refused", {{"reason", reason}}))
        request::change(request, "answer = $2", {pg::param(*answer)});
    if (request.subject)
        audit::record(*request.subject, "refuse_request", request.kind + ", request " + std::to_string(request.id));
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_withdraw_request) {
    const request::Request request = request::request_argument(fcinfo, "close a request");
    request::close(request, "withdrawn", request::note_argument(fcinfo, 1));
    PG_RETURN_VOID();
}
