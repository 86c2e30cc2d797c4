// Opt-in forms, and what is submitted to them.
#pragma once

#include "pg/catalog.hpp"
#include "pg/spi.hpp"
#include "rights/changes.hpp"

namespace gdpr::form {

/// As gdpr.optin_form has it.
struct OptinForm {
    std::string name;
    Oid target = InvalidOid;
    std::string email_column;
    std::vector<std::string> purposes;
    std::optional<std::vector<std::string>> columns;
    std::string locale, page;
    std::string mail, mail_to_known, mail_to_forgotten;
    std::int64_t max_bytes = 0, mails_per_day = 0, submissions_per_hour = 0;
};

/// Raises where there is no such form, or its target is no subject table.
OptinForm optin_form(const std::string &name);

/// The column that the mail's address is in.
pg::Column email_column(const OptinForm &form);

struct Payload {
    std::map<std::string, rights::NewValue> values; // by column
    std::string email;
    std::vector<std::string> purposes; // those chosen of the form's
};

/// Reads a payload against the form and its target, as they are now. Raises, never repeating what was filled in, where
/// it is no object or too large, names a column that is not there or that the form does not take, where a value does
/// not fit its column or breaks a CHECK, where what must not be null is, and where the address is none.
Payload read_payload(const OptinForm &form, Datum json);

/// The texts that a query returns, in order.
std::vector<std::string> texts(pg::Spi &spi, const std::string &sql, const std::vector<pg::Param> &params);

} // namespace gdpr::form
