// gdpr.render_consent_form(token): the page that asks. Looking at it spends nothing.
#include "form/consent_content.hpp"
#include "mail/template.hpp"
#include "pg/pg.hpp"
#include "rights/file.hpp"

namespace gdpr::form {

namespace {

/// What the page itself says.
struct Words {
    const char *language, *yes, *no, *send, *withdraw;
};

constexpr Words languages[] = {
    {"en", "Yes", "No", "Send my answers",
     "You are free to answer or not. Whatever you agree to, you can withdraw at any time."},
    {"de", "Ja", "Nein", "Antworten absenden",
     "Es steht Ihnen frei zu antworten. Jede Einwilligung können Sie jederzeit widerrufen."},
    {"es", "Sí", "No", "Enviar mis respuestas",
     "Usted es libre de responder o no. Puede retirar su consentimiento en cualquier momento."},
    {"fr", "Oui", "Non", "Envoyer mes réponses",
     "Vous êtes libre de répondre ou non. Vous pouvez retirer votre consentement à tout moment."},
    {"it", "Sì", "No", "Invia le risposte",
     "Lei è libero di rispondere o no. Può revocare il consenso in qualsiasi momento."},
};

const Words &words_of(std::string_view locale) {
    const std::string_view language = locale.substr(0, locale.find_first_of("_-"));
    const auto *found = std::find_if(std::begin(languages), std::end(languages),
                                     [&](const Words &each) { return each.language == language; });
    return found != std::end(languages) ? *found : languages[0];
}

std::string escaped(std::string_view text) { return mail::escaped(text, mail::Escape::html); }

/// Paragraphs, where the text has empty lines.
std::string paragraphs(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = text.find("\n\n");
        const std::string_view one = text.substr(0, end);
        if (one.find_first_not_of(" \t\r\n") != std::string_view::npos)
            out += "<p>" + escaped(one) + "</p>\n";
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    }
    return out;
}

std::string choice(const Question &question, const char *value, const char *word) {
    return std::string("<label><input type=\"radio\" name=\"") + escaped(question.purpose) + "\" value=\"" + value +
           "\"> " + word + "</label>\n";
}

std::string controller() {
    const pg::OwnerScope scope(pg::gdpr_relation("consent_request"));
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT name, contact FROM gdpr.controller");
    return rows.empty() ? ""
                        : "<p>" + escaped(rights::utf8(rows.text_or(0, 1))) + "<br>" +
                              escaped(rights::utf8(rows.text_or(0, 2))) + "</p>\n";
}

/// One document with nothing to load. The token is in the page's own address, which no other site may be told.
std::string page(const Content &content, std::string_view token) {
    const Words &words = words_of(content.locale);
    std::string language = content.locale;
    std::replace(language.begin(), language.end(), '_', '-');
    std::string out =
        "<!DOCTYPE html>\n<html lang=\"" + escaped(language) +
        "\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" content=\"noindex\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "form-action 'self'; base-uri 'none'\">\n<title>" +
        escaped(content.title) +
        "</title>\n<style>\nbody { margin: 0; font: 1.125rem/1.5 sans-serif; color: #111; background: #fff; }\n"
        "main { max-width: 40rem; margin: 0 auto; padding: 1rem; }\n"
        "fieldset { margin: 1.5rem 0; padding: 1rem; border: 1px solid #555; border-radius: 4px; }\n"
        "legend { padding: 0 .5rem; font-weight: bold; }\n"
        "label { display: inline-block; min-width: 6rem; padding: .75rem; }\n"
        "input { width: 1.25rem; height: 1.25rem; }\n"
        "button { padding: .75rem 1.5rem; font: inherit; color: #fff; background: #0b4f9e; border: 0; border-radius: 4px; }\n"
        ":focus-visible { outline: 3px solid #b34700; outline-offset: 2px; }\n</style>\n</head>\n<body>\n<main>\n<h1>" +
        escaped(content.title) + "</h1>\n" + paragraphs(content.introduction) + "<form method=\"post\">\n" +
        "<input type=\"hidden\" name=\"token\" value=\"" + escaped(token) + "\">\n";
    for (const Question &question : content.questions)
        out += "<fieldset>\n<legend>" + escaped(question.wording) + "</legend>\n" + choice(question, "yes", words.yes) +
               choice(question, "no", words.no) + "</fieldset>\n";
    return out + "<p>" + words.withdraw + "</p>\n<button type=\"submit\">" + words.send + "</button>\n</form>\n" +
           controller() + "</main>\n</body>\n</html>\n";
}

} // namespace

} // namespace gdpr::form

using namespace gdpr;

GDPR_FUNCTION(gdpr_render_consent_form) {
    const std::string token = pg::to_string(PG_GETARG_DATUM(0));
    const form::Ticket ticket = form::present(form::Use::consent, token);
    form::require_waiting(ticket, false);
    return pg::text_datum(form::from_utf8(form::page(form::content_of(ticket.reference, *ticket.person), token)));
}
