#include "form/consent_content.hpp"

#include "mail/fields.hpp"
#include "mail/person.hpp"
#include "mail/template.hpp"
#include "pg/pg.hpp"
#include "rights/file.hpp"

namespace gdpr::form {

namespace {

/// A text with the person's own data, as a mail to them would have it.
class Merge {
  public:
    explicit Merge(const subject::Subject &person) : addresses_(mail::addresses_of(person)) {
        queued_.subject = person;
        fields_.emplace(queued_, addresses_.empty() ? "" : *addresses_.begin(), mail::settings());
    }

    std::string operator()(const std::string &text) {
        std::string problem;
        try {
            return mail::Template(rights::utf8(text))
                .render([&](const std::string &name) { return (*fields_)(name); }, mail::Escape::none);
        } catch (const mail::TemplateError &error) {
            problem = error.what();
        }
        pg::raise(ERRCODE_UNDEFINED_COLUMN, "a text of this consent form has a merge field that is none", problem);
    }

  private:
    mail::Queued queued_;
    std::set<std::string> addresses_;
    std::optional<mail::MergeFields> fields_;
};

} // namespace

Content content_of(std::int64_t request, const subject::Subject &person) {
    const pg::OwnerScope scope(pg::gdpr_relation("consent_request"));
    const std::vector<pg::Param> numbered{pg::param(request)};
    Content out;
    {
        pg::Spi spi;
        const pg::Rows row = spi.run("SELECT form, locale, content ->> 'title', content ->> 'introduction'"
                                     " FROM gdpr.consent_request WHERE id = $1",
                                     numbered);
        out = {row.text_or(0, 1), row.text_or(0, 2), row.text_or(0, 3), row.text_or(0, 4), {}};
        const pg::Rows questions =
            spi.run("SELECT q ->> 'purpose', q ->> 'wording', q ->> 'version' FROM gdpr.consent_request r,"
                    " pg_catalog.jsonb_array_elements(r.content -> 'questions') WITH ORDINALITY AS e(q, place)"
                    " WHERE r.id = $1 ORDER BY e.place",
                    numbered);
        for (std::uint64_t each = 0; each < questions.size(); each++)
            out.questions.push_back(
                {questions.text_or(each, 1), questions.text_or(each, 2), questions.text_or(each, 3)});
    }
    Merge merge(person);
    out.title = merge(out.title);
    out.introduction = merge(out.introduction);
    for (Question &each : out.questions)
        each.wording = merge(each.wording);
    return out;
}

void require_waiting(const Ticket &ticket, bool lock) {
    if (ticket.used || !ticket.person)
        refuse(); // without a look-up more than an unknown one takes
    bool waits = false;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("consent_request"));
        pg::Spi spi;
        waits =
            !spi.run(std::string("SELECT FROM gdpr.consent_request WHERE id = $1 AND key IS NOT NULL"
                                 " AND answered_at IS NULL AND lapsed_at IS NULL AND waits_until > pg_catalog.now()") +
                         (lock ? " FOR UPDATE" : ""),
                     {pg::param(ticket.reference)})
                 .empty();
    }
    if (!waits)
        refuse();
}

std::string from_utf8(const std::string &text) {
    return pg::call([&] { return pg_any_to_server(text.c_str(), static_cast<int>(text.size()), PG_UTF8); });
}

} // namespace gdpr::form
