// Receipts of erasure: that someone was forgotten, and what was done; not who.
#pragma once

#include "rights/erase_plan.hpp"

namespace gdpr::rights {

/// Was this person forgotten before?
bool has_receipt(const subject::Subject &subject);

/// Writes one; returns its number.
std::int64_t write_receipt(const subject::Subject &subject, const std::optional<std::string> &reason,
                           const std::vector<Line> &lines);

} // namespace gdpr::rights
