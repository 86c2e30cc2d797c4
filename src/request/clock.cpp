// What moves a request on without answering it: who asks, questions, the clock, who sees to it.
#include "audit/audit.hpp"
#include "pg/pg.hpp"
#include "request/record.hpp"
#include "subject/person.hpp"

namespace gdpr::request {

namespace {

constexpr const char *due = "due_at = gdpr.due_date(received_at, CASE WHEN extended_at IS NULL THEN 1 ELSE 3 END,"
                            " paused_days)";

/// Days count as whole ones, by the calendar.
void resume(const Request &request) {
    change(request, "state = 'open', paused_at = NULL, paused_days = paused_days + gdpr.local_date(pg_catalog.now())"
                    " - gdpr.local_date(paused_at)");
    change(request, due);
}

void extend(const Request &request) {
    change(request, "extended_at = pg_catalog.now()");
    change(request, due);
}

} // namespace

} // namespace gdpr::request

using namespace gdpr;

GDPR_FUNCTION(gdpr_verify_identity) {
    pg::require_role("gdpr_officer", "verify who made a request");
    if (PG_ARGISNULL(2) != PG_ARGISNULL(3))
        pg::raise(ERRCODE_NULL_VALUE_NOT_ALLOWED, "subject_table and key go together");
    std::optional<subject::Subject> person;
    if (!PG_ARGISNULL(2)) {
        {
            const pg::OwnerScope scope(PG_GETARG_OID(2)); // the key's type may carry code of the table's owner
            person = subject::subject(PG_GETARG_OID(2), pg::to_string(PG_GETARG_DATUM(3)));
        }
        subject::require_person(*person); // before the request, as erasure does
    }
    request::Request request = request::request_argument(fcinfo, "verify who made a request");
    const std::string how = request::words(fcinfo, 1, "way it was verified");
    if (person) {
        if (request.subject && *request.subject != *person)
            pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the request is another person's",
                      "Whose it is was said when it was opened.",
                      "Refuse it with gdpr.refuse_request(), and open one for the person who asks.");
        request.subject = person;
        request::change(request, "subject_table = $2, key = $3",
                        {pg::param_oid(person->table), pg::param(person->key)});
    }
    if (!request.subject)
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the request names nobody",
                  "It was opened without a person, or the person's row is gone.",
                  "Say who it is: subject_table and key.");
    request::change(request, "verified_at = pg_catalog.now()");
    if (request.state == "identity")
        request::resume(request);
    request::record_event(request.id, "verified", how);
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_pause_request) {
    const request::Request request = request::request_argument(fcinfo, "stop the clock of a request");
    const std::string ground = request::words(fcinfo, 1, "ground");
    const std::string question = request::words(fcinfo, 2, "question");
    if (ground != "identity" && ground != "clarification")
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "this does not stop the clock",
                  "Only identity (Art. 12(6)) and clarification do.",
                  "Where a request is complex, gdpr.extend_request() extends the period.");
    if (request.state != "open")
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the request does not wait to be answered",
                  "It is in the state " + request.state + ".");
    if (request.overdue)
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the request is overdue",
                  "The clock has run out, and cannot be stopped any more.", "Answer it, or refuse it with the reason.");
    if (ground == "identity" && request.verified)
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "it is established who asks",
                  "gdpr.request_event says how.");
    request::change(request, "state = $2, paused_at = pg_catalog.now()", {pg::param(ground)});
    request::record_event(request.id, ground, question);
    (void)request::tell(request, "request_" + ground, {{"question", question}});
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_resume_request) {
    const request::Request request = request::request_argument(fcinfo, "let the clock of a request run");
    const std::string answer = request::words(fcinfo, 1, "answer");
    if (!request.paused)
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the clock of the request runs");
    request::resume(request);
    request::record_event(request.id, "resumed", answer);
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_amend_request) {
    const request::Request request = request::request_argument(fcinfo, "amend a request");
    pg::refuse_nulls(fcinfo, {"id", "details"});
    Jsonb *details = pg::call([&] { return PG_GETARG_JSONB_P(1); });
    if (!JB_ROOT_IS_OBJECT(details))
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the details are no object");
    request::change(request, "details = coalesce(details::pg_catalog.jsonb, '{}') || $2",
                    {pg::param(JSONBOID, JsonbPGetDatum(details))});
    request::record_event(request.id, "amended");
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_assign_request) {
    const request::Request request = request::request_argument(fcinfo, "assign a request");
    pg::refuse_nulls(fcinfo, {"id", "officer"});
    const Oid officer = PG_GETARG_OID(1);
    const bool able = pg::call([&] {
        const Oid role = get_role_oid("gdpr_officer", true);
        return OidIsValid(role) && has_privs_of_role(officer, role);
    });
    if (!able)
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the role is no officer", "It is not a member of gdpr_officer.");
    std::optional<std::string> address;
    if (!PG_ARGISNULL(2)) {
        address = pg::to_string(PG_GETARG_DATUM(2));
        if (!request::is_address(*address))
            pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "this is no mail address");
    }
    const std::string name = pg::call([&] { return GetUserNameFromId(officer, false); });
    request::change(request, "assignee = $2::pg_catalog.name, assignee_address = $3",
                    {pg::param(name), pg::param_or_null(address)});
    request::record_event(request.id, "assigned", name);
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_extend_request) {
    const request::Request request = request::request_argument(fcinfo, "extend the period of a request");
    const std::string reason = request::words(fcinfo, 1, "reason");
    if (request.extended)
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the period was extended before",
                  "It can be extended once (Art. 12(3)).");
    if (request.overdue && !request.paused)
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the first month is over",
                  "Whoever asks must be told of an extension within one month of receipt (Art. 12(3)).",
                  "Answer the request, or refuse it with the reason.");
    request::extend(request);
    request::record_event(request.id, "extended", reason);
    (void)request::tell(request, "request_extended", {{"reason", reason}});
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_due_dates_changed) {
    if (!CALLED_AS_TRIGGER(fcinfo))
        pg::raise(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "gdpr.due_dates_changed() is a trigger");
    const pg::OwnerScope scope(pg::gdpr_relation("request"));
    pg::Spi spi;
    // A request that is being written meanwhile was reckoned by what held before: wait for it, then see it. So do the
    // tables that a restore fills side by side, whichever of them ends last.
    (void)spi.run("LOCK TABLE gdpr.request IN SHARE ROW EXCLUSIVE MODE");
    (void)spi.run("UPDATE gdpr.request AS r SET due_at = d.due FROM (SELECT id, gdpr.due_date(received_at,"
                  "    CASE WHEN extended_at IS NULL THEN 1 ELSE 3 END, paused_days) AS due"
                  "      FROM gdpr.request WHERE closed_at IS NULL) AS d"
                  " WHERE r.id = d.id AND r.closed_at IS NULL AND r.due_at <> d.due");
    return PointerGetDatum(nullptr);
}
