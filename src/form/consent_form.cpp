// Consent forms sent: asked, reminded, and what becomes of silence.
#include "consent/purpose.hpp"
#include "form/consent_content.hpp"
#include "form/form.hpp"
#include "form/token.hpp"
#include "mail/outbox.hpp"
#include "mail/person.hpp"
#include "mail/render.hpp"
#include "pg/pg.hpp"
#include "rights/format.hpp"
#include "subject/person.hpp"
#include "subject/same_person.hpp"
#include "work/step.hpp"
#include "work/work.hpp"

namespace gdpr::form {

namespace {

constexpr std::int64_t batch = 100;

struct Asked {
    std::int64_t id;
    std::string locale, mail;
};

/// The one form that is meant.
std::string locale_of(pg::Spi &spi, const std::string &form, const std::optional<std::string> &wanted) {
    const pg::Rows forms = spi.run("SELECT locale FROM gdpr.consent_form WHERE name = $1"
                                   " AND ($2 IS NULL OR locale = $2) ORDER BY locale",
                                   {pg::param(form), pg::param_or_null(wanted)});
    if (forms.empty())
        pg::raise(ERRCODE_UNDEFINED_OBJECT, "there is no such consent form", "",
                  "gdpr.consent_form lists them, by name and locale.");
    if (forms.size() > 1)
        pg::raise(ERRCODE_AMBIGUOUS_PARAMETER, "this consent form is there in several languages", "",
                  "Name the locale.");
    return forms.text_or(0, 1);
}

Asked ask(const std::string &form, const subject::Subject &subject, const std::optional<std::string> &wanted) {
    const pg::OwnerScope scope(pg::gdpr_relation("consent_request"));
    pg::Spi spi;
    const std::string locale = locale_of(spi, form, wanted);
    const pg::Rows questions =
        spi.run("SELECT purpose FROM gdpr.consent_question WHERE form = $1 AND locale = $2 ORDER BY 1",
                {pg::param(form), pg::param(locale)});
    if (questions.empty())
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "this consent form asks for nothing", "",
                  "Put its questions into gdpr.consent_question.");
    std::vector<std::string> purposes;
    for (std::uint64_t row = 0; row < questions.size(); row++)
        purposes.push_back(questions.text_or(row, 1));
    for (const std::string &purpose : purposes)
        consent::require_consent_purpose(subject, purpose);
    const pg::Rows made = spi.run(
        "INSERT INTO gdpr.consent_request (form, locale, subject_table, key, content, on_silence, remind_at, waits_until,"
        " lapses_at)"
        " SELECT f.name, f.locale, $3, $4, pg_catalog.jsonb_build_object('title', f.title, 'introduction',"
        " f.introduction, 'page', f.page, 'template', f.template, 'reminder_template', f.reminder_template, 'questions',"
        " (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('purpose', q.purpose, 'wording', q.wording,"
        " 'version', q.version) ORDER BY q.position, q.purpose)"
        " FROM gdpr.consent_question q WHERE q.form = f.name AND q.locale = f.locale)),"
        " f.on_silence, pg_catalog.now() + f.remind_after, pg_catalog.now() + f.waiting, pg_catalog.now() + f.waiting"
        " FROM gdpr.consent_form f WHERE f.name = $1 AND f.locale = $2 RETURNING id, content ->> 'template',"
        " content ->> 'page'",
        {pg::param(form), pg::param(locale), pg::param_oid(subject.table), pg::param(subject.key)});
    (void)page_or_default(made.text_or(0, 3));
    return {made.number(0, 1), locale, made.text_or(0, 2)};
}

std::string parameters(std::int64_t request, const std::string &locale) {
    return rights::json_object(std::map<std::string, std::string>{{"request", std::to_string(request)},
                                                                  {"locale", rights::json_string(locale)}});
}

/// The link of this mail, which is the only place where its token is; to nobody but whom the form was sent to.
mail::Fields render(const mail::Rendering &mail) {
    const std::int64_t request = number_in(mail.parameters, "request");
    if (!mail.subject)
        pg::raise(mail::undeliverable, "a consent form goes to a person");
    std::string page;
    TimestampTz until = 0;
    {
        pg::Spi spi;
        const pg::Rows rows =
            spi.run("SELECT coalesce(content ->> 'page', ''), waits_until FROM gdpr.consent_request"
                    " WHERE id = $1 AND subject_table = $2 AND key = $3 AND answered_at IS NULL"
                    " AND lapsed_at IS NULL AND waits_until > pg_catalog.now()",
                    {pg::param(request), pg::param_oid(mail.subject->table), pg::param(mail.subject->key)});
        if (rows.empty())
            pg::raise(mail::undeliverable, "this consent form is not waited for any more");
        page = rows.text_or(0, 1);
        until = DatumGetTimestampTz(*rows.datum(0, 2));
    }
    return {{"link", link(page, issue(Use::consent, request, mail.subject, until))}};
}

/// A request that waits, as a job finds it.
struct Waiting {
    std::int64_t id;
    subject::Subject subject;
    std::string form, locale, word;
};

constexpr const char *unanswered = " FROM gdpr.consent_request WHERE answered_at IS NULL AND lapsed_at IS NULL"
                                   " AND key IS NOT NULL AND ";

std::vector<Waiting> waiting(const char *word, const std::string &condition) {
    pg::Spi spi;
    const pg::Rows rows = spi.run(std::string("SELECT id, subject_table, key::text, form, locale, ") + word +
                                      unanswered + condition + " LIMIT $1",
                                  {pg::param(batch)});
    std::vector<Waiting> out;
    for (std::uint64_t row = 0; row < rows.size(); row++)
        out.push_back({rows.number(row, 1),
                       {rows.oid(row, 2), rows.text_or(row, 3)},
                       rows.text_or(row, 4),
                       rows.text_or(row, 5),
                       rows.text_or(row, 6)});
    return out;
}

void note(std::int64_t request, const char *assignment, const std::optional<work::Failure> &problem = std::nullopt) {
    pg::Spi spi;
    (void)spi.run(std::string("UPDATE gdpr.consent_request SET problem = $2, ") + assignment + " WHERE id = $1",
                  {pg::param(request), problem ? pg::param(problem->text) : pg::null_param(TEXTOID)});
}

bool remind() {
    const std::vector<Waiting> all =
        waiting("content ->> 'reminder_template'",
                "reminded_at IS NULL AND remind_at <= pg_catalog.now() AND waits_until > pg_catalog.now()"
                " FOR UPDATE SKIP LOCKED");
    for (const Waiting &each : all) {
        const auto failure = work::step([&] {
            (void)mail::queue({each.word, each.subject, {}, {}, {}, parameters(each.id, each.locale)});
        });
        note(each.id, "reminded_at = pg_catalog.now()", failure);
    }
    return all.size() == static_cast<std::size_t>(batch);
}

/// Did they answer by another way: the portal, the telephone?
bool answered_otherwise(const Waiting &request) {
    pg::Spi spi;
    return !spi.run("SELECT FROM gdpr.consent_event e, gdpr.consent_request r WHERE r.id = $1"
                    " AND e.subject_table = $2 AND e.key = $3 AND e.at >= r.at AND e.purpose IN (SELECT q ->> 'purpose'"
                    " FROM pg_catalog.jsonb_array_elements(r.content -> 'questions') AS q) LIMIT 1",
                    {pg::param(request.id), pg::param_oid(request.subject.table), pg::param(request.subject.key)})
                .empty();
}

/// Locked after the person, as erasure does; and is it waited for still?
bool still_waiting(std::int64_t request) {
    pg::Spi spi;
    return !spi.run(std::string("SELECT") + unanswered + "id = $1 FOR UPDATE", {pg::param(request)}).empty();
}

/// Whoever was not asked is not silent.
void require_asked(std::int64_t request) {
    pg::Spi spi;
    if (!spi.run("SELECT FROM gdpr.consent_request AS r JOIN gdpr.outbox AS o ON o.id = r.mail"
                 " WHERE r.id = $1 AND o.state <> 'sent'",
                 {pg::param(request)})
             .empty())
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the mail that asks has not been delivered");
}

void carry_out(const Waiting &request) {
    (void)subject::lock_person(request.subject);
    if (!still_waiting(request.id))
        return;
    if (answered_otherwise(request)) {
        note(request.id, "answered_at = pg_catalog.now()");
        return;
    }
    require_asked(request.id);
    {
        const subject::OneRow alone; // silence is about what was asked for
        pg::Spi spi;
        const std::vector<pg::Param> who{pg::param_oid(request.subject.table), pg::param(request.subject.key),
                                         pg::param("no answer to consent form " + request.form)};
        if (request.word == "restrict")
            (void)spi.run("SELECT gdpr.restrict($1, $2, $3)", who);
        else if (request.word == "erase")
            (void)spi.run("SELECT gdpr.forget($1, $2, $3)", who);
    }
    note(request.id, "lapsed_at = pg_catalog.now()");
}

bool lapse() {
    const std::vector<Waiting> all = waiting("on_silence", "lapses_at <= pg_catalog.now()");
    for (const Waiting &each : all)
        if (const auto failure = work::step([&] { carry_out(each); }))
            note(each.id, "lapses_at = pg_catalog.now() + interval '1 day'", failure);
    return all.size() == static_cast<std::size_t>(batch);
}

} // namespace

void init_consent() {
    mail::on_render("consent_form", render);
    work::add_job("form_reminders", remind);
    work::add_job("form_silence", lapse);
}

} // namespace gdpr::form

using namespace gdpr;

GDPR_FUNCTION(gdpr_send_consent_form) {
    pg::require_role("gdpr_officer", "send a consent form");
    pg::refuse_nulls(fcinfo, {"form", "subject_table", "key"});
    const std::string form = pg::to_string(PG_GETARG_DATUM(0));
    const Oid table = PG_GETARG_OID(1);
    subject::Subject subject;
    {
        // The key's type may carry code of the table's owner.
        const pg::OwnerScope scope(table);
        subject = subject::subject(table, pg::to_string(PG_GETARG_DATUM(2)));
    }
    const auto locale = PG_ARGISNULL(3) ? std::nullopt : std::optional(pg::to_string(PG_GETARG_DATUM(3)));
    subject::require_person(subject);
    (void)mail::address_of(subject);
    const form::Asked asked = form::ask(form, subject, locale);
    (void)form::content_of(asked.id, subject); // a merge field that is none is the officer's to hear of
    const std::int64_t mail = mail::queue({asked.mail, subject, {}, {}, {}, form::parameters(asked.id, asked.locale)});
    const pg::OwnerScope scope(pg::gdpr_relation("consent_request"));
    pg::Spi spi;
    (void)spi.run("UPDATE gdpr.consent_request SET mail = $2 WHERE id = $1", {pg::param(asked.id), pg::param(mail)});
    PG_RETURN_INT64(asked.id);
}
