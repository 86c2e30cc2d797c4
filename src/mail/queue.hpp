// The outbox as a queue: what is due, tried, sent, given up.
#pragma once

#include "mail/render.hpp"
#include "mail/smtp.hpp"

namespace gdpr::mail {

/// Mails that a session which went away was at become queued again, also those taken long ago and not acknowledged.
void recover();
void recover_taken();

/// Marks the next mails that are due as being sent; their ids, the oldest first.
std::vector<std::int64_t> claim(int most);

/// A mail of these is about to be tried; nothing where it has gone meanwhile.
std::optional<Queued> begin(std::int64_t id, const Settings &settings);

/// A mail that take_mail() gave out, if nobody acknowledged it yet.
std::optional<Queued> find_taken(std::int64_t id);

/// Puts it back, not to be tried before, as if it had not been tried.
void postpone(const Queued &queued, TimestampTz until, const std::string &error);

/// What became of it. A mail that was sent keeps neither address nor fields.
void record(const Queued &queued, const Outcome &outcome, const Settings &settings);

/// When the next mail is due; nothing where none is queued.
std::optional<TimestampTz> next_due();

/// Deletes mails that were sent, or are dead, since so many days; true where there are more.
bool forget_old(int days);

/// How long after its failures a mail is tried again.
TimestampTz retry_at(int attempts, const Settings &settings);

} // namespace gdpr::mail
