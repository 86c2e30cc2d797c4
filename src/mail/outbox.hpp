// What is to be told to whom: instructions in gdpr.outbox, rendered when they are sent.
#pragma once

#include "subject/graph.hpp"

namespace gdpr::mail {

/// A mail to be sent.
struct Instruction {
    std::string template_name;               // of gdpr.mail_template
    std::optional<subject::Subject> subject; // whom it is about, and whom it goes to where no address is given
    std::optional<std::string> address;      // where it goes; stored encrypted, and gone once it is sent
    std::optional<std::string> recipient;    // by name, when it does not go to the person
    std::string attachment;                  // "access", "export:csv", …; empty: none
    std::string parameters; // a JSON object: merge fields of this mail, and "locale"; stored encrypted,
                            // gone once sent. No secrets: officers can read it until then
    std::optional<TimestampTz> not_before{}; // none: at once
};

/// Queues it, for when this transaction commits; returns its row's id. Whether the caller may is the caller's matter.
/// Raises where there is no such template, and where neither subject nor address says where it goes. A mail of a
/// subject goes with the subject: when they are erased, it is not sent any more.
std::int64_t queue(const Instruction &instruction);

/// A mail that is being rendered, in the transaction before it is sent.
struct Rendering {
    std::int64_t id; // of the row in gdpr.outbox; the same at each attempt
    std::string template_name;
    std::optional<subject::Subject> subject;
    std::string address;
    std::string parameters; // as queued
};

using Fields = std::map<std::string, std::string>;

/// Adds merge fields to mails whose template's name begins with the prefix; called from a room's init(). The function
/// runs at each attempt to send, as the extension's owner, and what it writes is committed before the mail goes out: so
/// a token can be made here, and be nowhere before. An error makes the attempt fail.
void on_render(const char *prefix, Fields (*function)(const Rendering &));

/// What the rooms add to this mail.
Fields fields_of_rooms(const Rendering &rendering);

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
