// Receipts of erasure: that someone was forgotten, and what was done; not who.
#pragma once

#include "journal/record.hpp"
#include "rights/erase_plan.hpp"

namespace gdpr::rights {

/// Of who has this key, or had it before it was given anew; see came_later.
Before erased_before(const subject::Subject &subject);

/// Was whoever has the key now stored only after that moment? Then it was given anew.
bool came_later(const subject::Subject &subject, TimestampTz moment);

/// Writes one; returns its number.
std::int64_t write_receipt(const subject::Subject &subject, const std::optional<std::string> &reason,
                           const std::vector<Line> &lines, std::size_t person_rows);

/// Writes that of an erasure that the journal tells of, where there is none; whether it did.
bool restore_receipt(Oid subject_table, const journal::Entry &entry);

} // namespace gdpr::rights
