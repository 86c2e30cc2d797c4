// What is to be told to whom: instructions in gdpr.outbox, rendered when they are sent.
#pragma once

#include "subject/graph.hpp"

namespace gdpr::mail {

/// Tells those who received the person's data (gdpr.disclosure) what became of it (Art. 19): erased, rectified,
/// restricted or unrestricted. One instruction for each recipient and what they know the person by; of a person who is
/// erased, nothing else is left in it. Returns how many; with `dry_run`, only counts.
std::uint64_t tell_recipients(const subject::Subject &subject, std::string_view what, bool dry_run = false);

/// Tells the person themselves, by the template of that name.
void tell_person(const subject::Subject &subject, std::string_view what);

/// NOTIFY gdpr, when the transaction commits. The payload must not hold personal data: everyone may listen.
void notify(const std::string &payload);

void init();

} // namespace gdpr::mail
