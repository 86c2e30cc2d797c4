// What this room keeps of each person, read and written below SQL: the trigger runs per row, under any role.
#pragma once

#include "consent/source.hpp"
#include "subject/graph.hpp"

namespace gdpr::consent {

/// Records where a person came from, now; or, `further`, that data of theirs came from there as well.
void record_source(const subject::Subject &subject, const Source &source, bool further = false);

bool has_source(const subject::Subject &subject);

/// The person has another key now; `since` is the command that changed it.
void carry_over(const subject::Subject &from, const subject::Subject &to, CommandId since);

/// Ends what is kept of everyone of a subject table.
void close_all(Oid subject_table);

/// Objections, and restrictions that were asked for, end with the person's row; what the law has us retain stays
/// restricted.
void close_restrictions(const subject::Subject &subject, CommandId since);

struct Event {
    std::int64_t id;
    Oid table;
    std::string key;
    bool given;
    TimestampTz until; // when it lapses by itself

    bool in_force(TimestampTz now) const noexcept { return given && until > now; }
};

/// The newest event of a person and purpose, without the key; nullopt where there is none.
std::optional<Event> newest_event(const subject::Subject &subject, const std::string &purpose, Snapshot snapshot);

/// Visits the events of a purpose that still name a person, in no order, until visit returns false. Did it not?
bool each_event(const std::string &purpose, Snapshot snapshot, const std::function<bool(const Event &)> &visit);

/// A lawful basis that was set for a purpose and a subject table: of one person, or of all without a key.
struct BasisEvent {
    std::int64_t id;
    Oid table;
    std::optional<std::string> key;
    std::string basis; // empty: what it was no longer counts
};

/// Visits those of a purpose, in no order, until visit returns false. Did it not?
bool each_basis(const std::string &purpose, Snapshot snapshot, const std::function<bool(const BasisEvent &)> &visit);

/// The newest basis that a person has of their own, as its word; empty where they have none.
std::string newest_basis(const subject::Subject &subject, const std::string &purpose, Snapshot snapshot);

/// Has anybody a basis of their own for this purpose, or a subject table?
bool has_bases(const std::string &purpose);

/// Was consent to this purpose ever given or withdrawn, by whomever?
bool has_events(const std::string &purpose);

void init_records();

} // namespace gdpr::consent
