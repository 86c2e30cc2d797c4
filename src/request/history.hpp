// Rows with a number and a history of what was done about them: of requests, and of breaches.
#pragma once

#include "pg/spi.hpp"

namespace gdpr::history {

/// Changes the columns of one row of gdpr.TABLE that `assignments` names; its own parameters begin with $2.
void change(const std::string &table, std::int64_t id, const std::string &assignments,
            const std::vector<pg::Param> &params = {});

/// What was done, for gdpr.TABLE_event.
void record(const std::string &table, std::int64_t id, std::string_view event,
            const std::optional<std::string> &note = std::nullopt);

/// A text argument that must say something; `why` is the hint where it does not.
std::string words(FunctionCallInfo fcinfo, int argument, const char *name, const char *why);

} // namespace gdpr::history
