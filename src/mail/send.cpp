// What officers send: the answers to access, portability and rectification, and mails of any template, each to the
// person's own address.
#include "audit/audit.hpp"
#include "mail/outbox.hpp"
#include "mail/person.hpp"
#include "mail/render.hpp"
#include "pg/pg.hpp"
#include "rights/format.hpp"
#include "rights/seal.hpp"
#include "subject/person.hpp"

namespace gdpr::mail {

namespace {

subject::Subject subject_argument(FunctionCallInfo fcinfo, int first) {
    const subject::Subject subject = subject::person_argument(fcinfo, first);
    // Both refuse now rather than when it is sent: a person who cannot be written to, and rows that are nobody's yet.
    (void)address_of(subject);
    (void)subject::decided_walk(subject.table);
    return subject;
}

/// As a parameter of the mail; checked.
std::string key_argument(FunctionCallInfo fcinfo, int argument) {
    if (PG_ARGISNULL(argument))
        return {};
    const rights::Seal seal(PG_GETARG_DATUM(argument), std::nullopt);
    return "{\"public_key\": " + rights::json_string(pg::to_string(PG_GETARG_DATUM(argument))) + "}";
}

std::int64_t send(const char *what, const std::string &template_name, const subject::Subject &subject,
                  const std::string &attachment, const std::string &parameters,
                  std::optional<TimestampTz> not_before = std::nullopt) {
    const std::int64_t id =
        queue({template_name, subject, std::nullopt, std::nullopt, attachment, parameters, not_before});
    audit::record(subject, what, attachment.empty() ? template_name : attachment);
    return id;
}

} // namespace

} // namespace gdpr::mail

using namespace gdpr;

GDPR_FUNCTION(gdpr_send_mail) {
    pg::refuse_nulls(fcinfo, {"template", "subject_table", "key"});
    pg::require_role("gdpr_officer", "send mail");
    const subject::Subject subject = mail::subject_argument(fcinfo, 1);
    std::string parameters;
    if (!PG_ARGISNULL(3)) {
        const Datum given = PG_GETARG_DATUM(3);
        Jsonb *json = pg::call([&] { return DatumGetJsonbP(given); });
        if (!JB_ROOT_IS_OBJECT(json))
            pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the parameters of a mail are an object");
        parameters = pg::call([&] { return JsonbToCString(nullptr, &json->root, static_cast<int>(VARSIZE(json))); });
    }
    const auto not_before = PG_ARGISNULL(4) ? std::nullopt : std::optional<TimestampTz>(PG_GETARG_TIMESTAMPTZ(4));
    PG_RETURN_INT64(mail::send("send_mail", pg::to_string(PG_GETARG_DATUM(0)), subject, "", parameters, not_before));
}

GDPR_FUNCTION(gdpr_send_access) {
    pg::refuse_nulls(fcinfo, {"subject_table", "key"});
    pg::require_role("gdpr_officer", "give access to a person's data");
    const subject::Subject subject = mail::subject_argument(fcinfo, 0);
    PG_RETURN_INT64(mail::send("send_access", "access", subject, "access", mail::key_argument(fcinfo, 2)));
}

GDPR_FUNCTION(gdpr_send_export) {
    pg::refuse_nulls(fcinfo, {"subject_table", "key", "format"});
    pg::require_role("gdpr_officer", "export a person's data");
    const std::string attachment = "export:" + pg::to_string(PG_GETARG_DATUM(2));
    mail::check_attachment(attachment);
    const subject::Subject subject = mail::subject_argument(fcinfo, 0);
    PG_RETURN_INT64(mail::send("send_export", "export", subject, attachment, mail::key_argument(fcinfo, 3)));
}

GDPR_FUNCTION(gdpr_send_rectification) {
    pg::refuse_nulls(fcinfo, {"subject_table", "key"});
    pg::require_role("gdpr_officer", "ask a person to correct their data");
    const subject::Subject subject = mail::subject_argument(fcinfo, 0);
    PG_RETURN_INT64(
        mail::send("send_rectification", "rectification", subject, "access", mail::key_argument(fcinfo, 2)));
}

GDPR_FUNCTION(gdpr_requeue_mail) {
    pg::require_role("gdpr_officer", "send mail");
    const pg::OwnerScope scope(pg::gdpr_relation("outbox"));
    pg::Spi spi;
    const bool found = spi.run("UPDATE gdpr.outbox SET state = 'queued', attempts = 0, next_attempt = pg_catalog.now()"
                               " WHERE id = $1 AND state = 'dead'",
                               {pg::param(static_cast<std::int64_t>(PG_GETARG_INT64(0)))})
                           .processed() > 0;
    if (!found)
        pg::raise(ERRCODE_NO_DATA_FOUND, "there is no such dead mail", "", "gdpr.outbox lists them.");
    mail::notify("outbox");
    PG_RETURN_VOID();
}
