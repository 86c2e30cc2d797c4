// gdpr.optin_submit(form, payload, address, agent): held outside the target until the mail is answered. Whoever submits
// learns nothing of who is known: one way through, one answer; what differs is the mail.
#include "consent/evidence.hpp"
#include "consent/purpose.hpp"
#include "form/form.hpp"
#include "form/optin_form.hpp"
#include "form/token.hpp"
#include "mail/outbox.hpp"
#include "mail/render.hpp"
#include "pg/pg.hpp"
#include "pg/storage.hpp"
#include "rights/blocklist.hpp"
#include "rights/find.hpp"
#include "rights/format.hpp"

namespace gdpr::form {

namespace {

std::int64_t count(const char *column, const std::string &hash, const char *since) {
    const pg::OwnerScope scope(pg::gdpr_relation("optin_submission"));
    pg::Spi spi;
    return spi
        .run(std::string("SELECT pg_catalog.count(*) FROM gdpr.optin_submission WHERE ") + column +
                 " = $1 AND at > pg_catalog.now() - $2::pg_catalog.interval",
             {pg::param_bytes(hash), pg::param(since)})
        .number(0, 1);
}

std::int64_t hold(const OptinForm &form, const Payload &payload, Datum json, const std::string &email_hash,
                  const std::optional<std::string> &origin_hash, const pg::Param &address, const pg::Param &agent) {
    const pg::OwnerScope scope(pg::gdpr_relation("optin_submission"));
    pg::Spi spi;
    return spi
        .run(
            "INSERT INTO gdpr.optin_submission (form, payload, purposes, content, email_hash, origin_hash, address, agent,"
            " expires_at)"
            " SELECT f.name, $2, p.names, pg_catalog.jsonb_build_object('locale', f.locale, 'version', f.version, 'page',"
            " f.page, 'wordings', (SELECT coalesce(pg_catalog.jsonb_object_agg(u.name, coalesce(f.wordings ->> u.name,"
            " u.description)), '{}') FROM gdpr.purpose u WHERE u.name = ANY (p.names))),"
            " $4, $5, pg_catalog.host($6), pg_catalog.left($7, 1000), pg_catalog.now() + f.valid"
            " FROM gdpr.optin_form f, (SELECT ARRAY(SELECT pg_catalog.jsonb_array_elements_text($3::pg_catalog.jsonb))"
            " AS names) p WHERE f.name = $1 RETURNING id",
            {pg::param(form.name), pg::param(JSONBOID, json), pg::param(rights::json_array(payload.purposes)),
             pg::param_bytes(email_hash), origin_hash ? pg::param_bytes(*origin_hash) : pg::null_param(BYTEAOID),
             address, agent})
        .number(0, 1);
}

std::int64_t submit(const std::string &name, Datum json, const pg::Param &address, const pg::Param &agent) {
    const OptinForm form = optin_form(name);
    (void)page_or_default(form.page); // a submission that nobody could confirm is not taken
    const Payload payload = read_payload(form, json);
    for (const std::string &purpose : payload.purposes) {
        consent::require_consent_purpose({form.target, {}}, purpose); // as of everyone of the table
        (void)consent::require_terms(pg::call([&] { return DatumGetJsonbP(json); }), purpose);
    }
    std::optional<std::string> origin_hash;
    if (!address.null) {
        const char *text = pg::call([&] { return OidOutputFunctionCall(F_INET_OUT, address.value); });
        origin_hash = pending_hash("origin", text);
        if (count("origin_hash", *origin_hash, "1 hour") >= form.submissions_per_hour)
            pg::raise(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED, "too many submissions from this network address", "",
                      "Try again in an hour.");
    }
    const rights::Identifier identifier = rights::identifier(payload.email);
    const std::string email_hash = pending_hash("email", identifier.value);
    // Everything is looked up of everyone, so that all take the same way.
    const bool known = !rights::holders(form.target, email_column(form), payload.email).empty();
    const bool forgotten = rights::blocked(identifier);
    const bool mailed = count("email_hash", email_hash, "1 day") < form.mails_per_day;
    const std::int64_t id = hold(form, payload, json, email_hash, origin_hash, address, agent);
    if (mailed)
        (void)mail::queue({known       ? form.mail_to_known
                           : forgotten ? form.mail_to_forgotten
                                       : form.mail,
                           {},
                           payload.email,
                           {},
                           {},
                           rights::json_object(std::map<std::string, std::string>{
                               {"submission", std::to_string(id)}, {"locale", rights::json_string(form.locale)}})});
    return id;
}

/// The link of this mail. Nothing that was filled in goes with it: whoever knows an address could send their own words.
/// To no other address than the one that was filled in, whoever ordered the mail: they would confirm for the person.
mail::Fields render(const mail::Rendering &mail) {
    const std::int64_t submission = number_in(mail.parameters, "submission");
    std::string page;
    TimestampTz until = 0;
    {
        pg::Spi spi;
        const pg::Rows rows = spi.run(
            "SELECT coalesce(content ->> 'page', ''), expires_at FROM gdpr.optin_submission"
            " WHERE id = $1 AND email_hash = $2 AND confirmed_at IS NULL AND expires_at > pg_catalog.now()",
            {pg::param(submission), pg::param_bytes(pending_hash("email", rights::identifier(mail.address).value))});
        if (rows.empty() || mail.subject)
            pg::raise(mail::undeliverable, "there is no such submission of this address any more");
        page = rows.text_or(0, 1);
        until = DatumGetTimestampTz(*rows.datum(0, 2));
    }
    return {{"link", link(page, issue(Use::optin, submission, std::nullopt, until))}};
}

/// Mails to these addresses that wait, or could not be delivered: once they are sent no address is kept.
void erase_mails(const std::vector<rights::Identifier> &emails) {
    const Oid outbox = pg::gdpr_relation("outbox");
    if (pg::without_pages(outbox))
        return;
    const pg::OwnerScope scope(outbox);
    pg::Spi spi;
    for (const rights::Identifier &each : emails)
        (void)spi.run_again("DELETE FROM gdpr.outbox WHERE address IS NOT NULL AND subject_table IS NULL"
                            " AND template LIKE 'optin%' AND gdpr.normalised(address::pg_catalog.text) = $1",
                            {pg::param(each.value)});
}

} // namespace

std::uint64_t erase_submissions(const std::set<rights::Identifier> &identifiers, bool dry_run) {
    std::vector<rights::Identifier> emails;
    std::copy_if(identifiers.begin(), identifiers.end(), std::back_inserter(emails),
                 [](const rights::Identifier &each) { return each.kind == rights::Identifier::Kind::email; });
    if (!dry_run)
        erase_mails(emails);
    std::uint64_t rows = 0;
    const Oid submissions = pg::gdpr_relation("optin_submission");
    if (pg::without_pages(submissions))
        return 0;
    {
        // No key is made for it where nothing was ever submitted.
        const pg::OwnerScope scope(submissions);
        pg::Spi spi;
        if (spi.run_again("SELECT FROM gdpr.optin_submission LIMIT 1", {}).empty())
            return 0;
    }
    for (const rights::Identifier &each : emails) {
        const std::string hash = pending_hash("email", each.value);
        const pg::OwnerScope scope(pg::gdpr_relation("optin_submission"));
        pg::Spi spi;
        const std::string theirs = " FROM gdpr.optin_submission WHERE email_hash = $1 AND key IS NULL";
        rows += dry_run ? static_cast<std::uint64_t>(
                              spi.run("SELECT pg_catalog.count(*)" + theirs, {pg::param_bytes(hash)}).number(0, 1))
                        : spi.run("DELETE" + theirs, {pg::param_bytes(hash)}).processed();
    }
    return rows;
}

void init_optin() { mail::on_render("optin", render); }

} // namespace gdpr::form

using namespace gdpr;

GDPR_FUNCTION(gdpr_optin_submit) {
    pg::refuse_nulls(fcinfo, {"form", "payload"});
    PG_RETURN_INT64(form::submit(pg::to_string(PG_GETARG_DATUM(0)), PG_GETARG_DATUM(1),
                                 PG_ARGISNULL(2) ? pg::null_param(INETOID) : pg::param(INETOID, PG_GETARG_DATUM(2)),
                                 PG_ARGISNULL(3) ? pg::null_param(TEXTOID) : pg::param(TEXTOID, PG_GETARG_DATUM(3))));
}
