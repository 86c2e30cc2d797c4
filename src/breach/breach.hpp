// Breaches of personal data (Art. 33, 34).
#pragma once

#include "pg/spi.hpp"

namespace gdpr::breach {

struct Breach {
    std::int64_t id = 0;
    std::string description;
    std::optional<std::string> consequences, measures, advice, delay_reason, risk, suspect, address;
    pg::Param period, relations; // as they are bound to a statement
    std::string aware_at, period_text;
    bool authority_told = false, subjects_told = false, subjects_waived = false, closed = false;
};

/// The breach, locked until the transaction ends where it is to be changed. Raises where there is none; and, where it
/// is to be changed, when it is closed.
Breach breach(std::int64_t id, bool to_change);

/// What one relation, or all of them together, had to do with a breach, as far as is known.
struct Scope {
    Oid relation = InvalidOid;                     // none: all of them
    std::vector<std::string> categories;           // "personal: email", …
    std::optional<std::int64_t> records, subjects; // by the audit log; nothing where it was not kept
};

/// The relations with people's data that the breach may have reached, by name; all together last.
std::vector<Scope> scope_of(const Breach &breach);

/// The condition on gdpr.audit_record AS r of what happened in the window of a breach, and its parameters.
std::string window(const Breach &breach, std::vector<pg::Param> &params);

/// What was found out and done, for the history.
void record_event(std::int64_t breach, std::string_view event, const std::optional<std::string> &note = std::nullopt);

/// Merge fields of what is written about a breach. Of each that is not known yet, NAME_unknown is filled instead.
std::map<std::string, std::string> fields_of(const Breach &breach);

void init();
void init_letter();

} // namespace gdpr::breach
