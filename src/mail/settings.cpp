#include "mail/settings.hpp"

#include "pg/pg.hpp"

namespace gdpr::mail {

namespace {

char *url = nullptr, *user = nullptr, *password_file = nullptr, *ca_file = nullptr, *from = nullptr,
     *public_url = nullptr;
int tls = 0, timeout = 0, attempts = 0, retry_delay = 0, domain_rate = 0, keep_days = 0;

const config_enum_entry tls_words[] = {{"auto", static_cast<int>(Settings::Tls::automatic), false},
                                       {"require", static_cast<int>(Settings::Tls::require), false},
                                       {"off", static_cast<int>(Settings::Tls::off), false},
                                       {nullptr, 0, false}};

bool says(std::string_view text, std::initializer_list<std::string_view> beginnings) {
    return text.empty() || std::any_of(beginnings.begin(), beginnings.end(),
                                       [&](std::string_view each) { return text.starts_with(each); });
}

bool check_url(char **value, void **, GucSource) {
    if (says(*value, {"smtp://", "smtps://"}) && std::string_view(*value).find('@') == std::string_view::npos)
        return true;
    GUC_check_errdetail("It begins with smtp:// or smtps://, and holds neither user nor password.");
    return false;
}

bool check_public_url(char **value, void **, GucSource) {
    if (says(*value, {"https://", "http://"}))
        return true;
    GUC_check_errdetail("It begins with https://.");
    return false;
}

bool check_from(char **value, void **, GucSource) {
    if (std::string_view(*value).empty() || mailbox(*value))
        return true;
    GUC_check_errdetail("It is an address, or a name and an address in angle brackets.");
    return false;
}

void text(const char *name, const char *what, const char *more, char **variable, GucStringCheckHook check, int flags) {
    DefineCustomStringVariable(name, what, more, variable, "", PGC_SUSET, flags, check, nullptr, nullptr);
}

void number(const char *name, const char *what, const char *more, int *variable, int standard, int least, int most,
            int flags) {
    DefineCustomIntVariable(name, what, more, variable, standard, least, most, PGC_SUSET, flags, nullptr, nullptr,
                            nullptr);
}

} // namespace

Settings settings() {
    return {url,     user,     password_file, ca_file,     public_url, mailbox(from), static_cast<Settings::Tls>(tls),
            timeout, attempts, retry_delay,   domain_rate, keep_days};
}

void init_settings() {
    pg::call([] {
        text("gdpr.smtp_url", "The mail server.", "smtp://host:587 or smtps://host; empty: no mail is sent.", &url,
             check_url, 0);
        text("gdpr.smtp_user", "The user that the mail server knows.", nullptr, &user, nullptr, GUC_SUPERUSER_ONLY);
        text("gdpr.smtp_password_file", "File with that user's password.",
             "Its first line; nobody but the server's user may read it.", &password_file, nullptr, GUC_SUPERUSER_ONLY);
        text("gdpr.smtp_ca_file", "Certificates that vouch for the mail server.", "Empty: the system's.", &ca_file,
             nullptr, GUC_SUPERUSER_ONLY);
        DefineCustomEnumVariable("gdpr.smtp_tls", "Must the connection to the mail server be encrypted?",
                                 "auto: yes, but to this machine itself.", &tls,
                                 static_cast<int>(Settings::Tls::automatic), tls_words, PGC_SUSET, 0, nullptr, nullptr,
                                 nullptr);
        text("gdpr.mail_from", "Who mails are from.", "An address, or a name and an address in angle brackets.", &from,
             check_from, 0);
        text("gdpr.public_url", "Where the links in mails lead.", "The page that answers ?token=….", &public_url,
             check_public_url, 0);
        number("gdpr.mail_timeout", "How long sending one mail may take.", nullptr, &timeout, 120, 1, 3600, GUC_UNIT_S);
        number("gdpr.mail_attempts", "How often a mail is tried before it is given up.", nullptr, &attempts, 24, 1,
               1000, 0);
        number("gdpr.mail_retry_delay", "How long after the first failure a mail is tried again.",
               "Doubles with each failure, up to four hours.", &retry_delay, 60, 0, 14400, GUC_UNIT_S);
        number("gdpr.mail_domain_rate", "How many mails a minute go to one domain.", "0: no limit.", &domain_rate, 0, 0,
               1000000, 0);
        number("gdpr.mail_keep_days", "How long gdpr.outbox keeps mails that were sent or given up.", "In days.",
               &keep_days, 365, 1, 36500, 0);
    });
}

} // namespace gdpr::mail
