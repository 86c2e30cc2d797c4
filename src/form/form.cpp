#include "form/form.hpp"

#include "mail/render.hpp"
#include "mail/settings.hpp"
#include "pg/pg.hpp"
#include "subject/personal.hpp"
#include "work/work.hpp"

namespace gdpr::form {

namespace {

constexpr std::int64_t batch = 1000;

/// Tokens and submissions whose time is over: nothing of what was never confirmed is kept; but for a day, since mails
/// to one address are counted.
bool expire() {
    pg::Spi spi;
    std::uint64_t most = 0;
    for (const auto &[name, over] :
         {std::pair<std::string, std::string>("gdpr.token", "expires_at < pg_catalog.now()"),
          {"gdpr.optin_submission", "expires_at < pg_catalog.now() AND at < pg_catalog.now() - interval '1 day'"}})
        most = std::max(most, spi.run("DELETE FROM " + name + " WHERE id IN (SELECT id FROM " + name + " WHERE " +
                                          over + " LIMIT $1 FOR UPDATE SKIP LOCKED)",
                                      {pg::param(batch)})
                                  .processed());
    return most == static_cast<std::uint64_t>(batch);
}

} // namespace

std::string page_or_default(const std::string &page) {
    std::string url = page;
    if (url.empty())
        url = mail::settings().public_url;
    if (url.empty())
        pg::raise(ERRCODE_CONFIG_FILE_ERROR, "there is no page that links could lead to", "",
                  "Set gdpr.public_url to the page where the application answers them, or page of the form.");
    return url;
}

std::string link(const std::string &page, const std::string &token) {
    const std::string url = page_or_default(page);
    return url + (url.find('?') == std::string::npos ? "?token=" : "&token=") + token;
}

std::int64_t number_in(const std::string &parameters, const char *name) {
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT ($1::pg_catalog.jsonb ->> $2)::bigint",
                                  {pg::param(parameters.empty() ? "{}" : parameters), pg::param(name)});
    if (!rows.datum(0, 1))
        pg::raise(mail::undeliverable, "this mail was queued with nothing that a link could open", "",
                  "Templates whose names begin with consent_form or optin are for gdpr's own forms.");
    return rows.number(0, 1);
}

void init() {
    subject::keep_of_people({"token"});
    subject::keep_of_people({"consent_request", std::vector<std::string>{}});
    subject::keep_of_people({"optin_submission"});
    init_consent();
    init_optin();
    init_portal();
    work::add_job("form_expiry", expire);
}

} // namespace gdpr::form
