#include "mail/render.hpp"

#include "mail/fields.hpp"
#include "mail/person.hpp"
#include "mail/template.hpp"
#include "pg/pg.hpp"
#include "rights/export.hpp"
#include "rights/file.hpp"

#include <ctime>

namespace gdpr::mail {

namespace {

struct Texts {
    std::string subject, text;
    std::optional<std::string> html;
};

/// An admin's own before the shipped one, the language asked for before any other.
Texts texts(const std::string &name, const std::string &locale) {
    std::string language = locale;
    std::replace(language.begin(), language.end(), '_', '-');
    const std::string family = language.substr(0, language.find('-'));
    pg::Spi spi;
    const pg::Rows rows = spi.run(
        "SELECT subject, body_text, body_html FROM gdpr.mail_template WHERE name = $1"
        "   AND pg_catalog.lower(pg_catalog.replace(locale, '_', '-')) IN (pg_catalog.lower($2), pg_catalog.lower($3), '')"
        " ORDER BY pg_catalog.length(locale) DESC, shipped LIMIT 1",
        {pg::param(name), pg::param(language), pg::param(family)}, true);
    if (rows.empty())
        pg::raise(undeliverable, "there is no such template");
    const auto html = rows.text(0, 3);
    return {rights::utf8(rows.text_or(0, 1)), rights::utf8(rows.text_or(0, 2)),
            html ? std::optional(rights::utf8(*html)) : std::nullopt};
}

/// As RFC 5322 has it, in every locale.
std::string date() {
    static constexpr const char *days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char *months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "%s, %02d %s %d %02d:%02d:%02d +0000", days[utc.tm_wday], utc.tm_mday,
                  months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
    return buffer;
}

struct Kind {
    rights::Scope scope;
    const rights::Format *format;
};

std::optional<Kind> kind_of(const std::string &attachment) {
    const std::size_t colon = attachment.find(':');
    const std::string word = attachment.substr(0, colon);
    const rights::Format *format = rights::format(colon == std::string::npos ? "csv" : attachment.substr(colon + 1));
    if (format == nullptr || (word != "access" && word != "export"))
        return std::nullopt;
    return Kind{word == "access" ? rights::Scope::access : rights::Scope::portability, format};
}

std::string type_of(const std::string &file) {
    for (const auto &[extension, type] :
         {std::pair(".csv", "text/csv; charset=utf-8"), std::pair(".json", "application/json"),
          std::pair(".xml", "application/xml"), std::pair(".pgp", "application/octet-stream")})
        if (file.ends_with(extension))
            return type;
    return "application/octet-stream";
}

std::vector<Attachment> attachments(const Queued &queued, const MergeFields &fields) {
    std::vector<Attachment> files;
    if (!queued.attachment)
        return files;
    const auto kind = kind_of(*queued.attachment);
    if (!kind || !queued.subject)
        pg::raise(undeliverable, "what is to be attached is not known");
    const auto key = fields.parameters().find("public_key");
    const rights::Seal seal(
        key == fields.parameters().end() ? std::nullopt : std::optional(pg::text_datum(key->second)), std::nullopt);
    rights::export_files(*queued.subject, *kind->format, kind->scope, seal,
                         [&](const std::string &name, const pg::Param &content) {
                             files.push_back({name, type_of(name), pg::to_string(content.value)});
                         });
    return files;
}

} // namespace

std::string destination(const Queued &queued) {
    if (queued.address) {
        const auto given = mailbox(*queued.address);
        if (!given)
            pg::raise(undeliverable, "the address is none");
        return given->address;
    }
    // What a recipient is to be told is not for the person, who would be asked to erase their own data.
    if (queued.recipient)
        pg::raise(undeliverable, "the recipient has no address");
    if (!queued.subject)
        pg::raise(undeliverable, "there is no address");
    const std::set<std::string> own = addresses_of(*queued.subject);
    if (own.size() != 1)
        pg::raise(undeliverable,
                  own.empty() ? "the person has no e-mail address" : "the person has several e-mail addresses");
    return *own.begin();
}

Letter render(const Queued &queued, const Settings &settings) {
    const std::string address = destination(queued);
    MergeFields fields(queued, address, settings);
    const Values values = [&](const std::string &name) { return fields(name); };
    const auto locale = fields.parameters().find("locale");
    const Texts found = texts(queued.template_name, locale == fields.parameters().end() ? "" : locale->second);
    Mail mail{*settings.from,
              {queued.recipient ? rights::utf8(*queued.recipient) : "", address},
              "",
              queued.message_id.value_or(""),
              date(),
              "",
              std::nullopt,
              {}};
    try {
        mail.subject = Template(found.subject).render(values, Escape::line);
        mail.text = Template(found.text).render(values, Escape::none);
        if (found.html)
            mail.html = Template(*found.html).render(values, Escape::html);
    } catch (const TemplateError &error) {
        pg::raise(undeliverable, std::string("template: ") + error.what());
    }
    mail.attachments = attachments(queued, fields);
    return {address, mime(mail)};
}

void check_attachment(const std::string &kind) {
    if (!kind_of(kind))
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "nothing of this kind can be attached", "",
                  "It is access or export, and may have a format, like export:json. The formats are " +
                      rights::format_names() + ".");
}

} // namespace gdpr::mail
