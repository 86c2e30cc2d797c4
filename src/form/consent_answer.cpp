// gdpr.answer_consent_form(token, answers, address, agent): what the person answered, with what proves it.
#include "form/consent_content.hpp"
#include "form/form.hpp"
#include "pg/pg.hpp"
#include "subject/person.hpp"

namespace gdpr::form {

namespace {

/// By purpose. Raises where they are no answers to this form, which is then not spent.
std::map<std::string, bool> read(const Content &content, Datum answers) {
    const auto malformed = [](const char *detail) {
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "these are no answers to this form", detail,
                  "Write {\"purpose\": true or false, ...}; \"yes\" and \"no\" will do.");
    };
    if (!pg::call([&] { return JB_ROOT_IS_OBJECT(DatumGetJsonbP(answers)); }))
        malformed("They are no JSON object.");
    std::map<std::string, bool> out;
    const pg::OwnerScope scope(pg::gdpr_relation("consent_request"));
    pg::Spi spi;
    const pg::Rows rows =
        spi.run("SELECT key, value #>> '{}' FROM pg_catalog.jsonb_each($1)", {pg::param(JSONBOID, answers)});
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const std::string purpose = rows.text_or(row, 1), answer = rows.text_or(row, 2);
        if (std::find(statements.begin(), statements.end(), purpose) != statements.end())
            continue;
        if (std::none_of(content.questions.begin(), content.questions.end(),
                         [&](const Question &each) { return each.purpose == purpose; }))
            malformed("They name a purpose that the form does not ask for.");
        if (answer != "true" && answer != "yes" && answer != "false" && answer != "no")
            malformed("An answer is neither yes nor no.");
        out[purpose] = answer == "true" || answer == "yes";
    }
    if (out.empty())
        malformed("Nothing is answered.");
    return out;
}

/// One event, with the words that were shown, the form, and where the answer came from.
void record(const Ticket &ticket, const Content &content, const Question &question, bool yes,
            const std::vector<pg::Param> &origin, Datum answers) {
    std::vector<pg::Param> params{pg::param_oid(ticket.person->table),
                                  pg::param(ticket.person->key),
                                  pg::param(question.purpose),
                                  pg::param(from_utf8(question.wording)),
                                  pg::param(question.version),
                                  pg::param(content.locale),
                                  pg::param(content.form),
                                  pg::param(ticket.reference)};
    params.insert(params.end(), origin.begin(), origin.end());
    params.push_back(pg::param(JSONBOID, answers));
    pg::Spi spi;
    (void)spi.run(
        std::string("SELECT gdpr.") + (yes ? "give" : "withdraw") +
            "_consent($1, $2, $3, pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object("
            "'wording', $4, 'version', $5, 'hash', pg_catalog.encode(pg_catalog.sha256("
            "pg_catalog.convert_to($4, 'UTF8')), 'hex'), 'locale', $6, 'source', 'consent form', 'form', $7,"
            " 'request', $8, 'address', pg_catalog.host($9), 'agent', pg_catalog.left($10, 1000)))"
            " || coalesce((SELECT pg_catalog.jsonb_object_agg(e.key, e.value) FROM pg_catalog.jsonb_each($11) AS e"
            " WHERE e.key IN ('born', 'age', 'adult', 'parent')), '{}'))",
        params);
}

std::int64_t answer(const Ticket &ticket, Datum answers, const std::vector<pg::Param> &origin) {
    require_waiting(ticket, false);
    subject::require_person(*ticket.person); // in the order of whoever erases them
    require_waiting(ticket, true);
    const Content content = content_of(ticket.reference, *ticket.person);
    const std::map<std::string, bool> given = read(content, answers);
    spend(ticket);
    const pg::OwnerScope scope(pg::gdpr_relation("consent_request"));
    for (const Question &question : content.questions)
        if (const auto found = given.find(question.purpose); found != given.end())
            record(ticket, content, question, found->second, origin, answers);
    pg::Spi spi;
    (void)spi.run("UPDATE gdpr.consent_request SET answered_at = pg_catalog.now(), problem = NULL WHERE id = $1",
                  {pg::param(ticket.reference)});
    return static_cast<std::int64_t>(given.size());
}

} // namespace

} // namespace gdpr::form

using namespace gdpr;

GDPR_FUNCTION(gdpr_answer_consent_form) {
    pg::refuse_nulls(fcinfo, {"token", "answers"});
    const form::Ticket ticket = form::present(form::Use::consent, pg::to_string(PG_GETARG_DATUM(0)));
    const std::vector<pg::Param> origin{
        PG_ARGISNULL(2) ? pg::null_param(INETOID) : pg::param(INETOID, PG_GETARG_DATUM(2)),
        PG_ARGISNULL(3) ? pg::null_param(TEXTOID) : pg::param(TEXTOID, PG_GETARG_DATUM(3))};
    PG_RETURN_INT64(form::answer(ticket, PG_GETARG_DATUM(1), origin));
}
