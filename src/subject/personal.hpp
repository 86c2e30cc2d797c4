// The tables of gdpr that keep something of people: one list, which erasure scrubs, a change of key follows, the end of
// a row closes and verify_forgotten() looks through. A room that adds such a table registers it in its init().
#pragma once

#include "pg/lookup.hpp"
#include "subject/graph.hpp"

namespace gdpr::subject {

/// A table of gdpr with the columns subject_table (regclass) and key (gdpr.encrypted_text), and an index that begins
/// with both. Its rows are changed below SQL, without its triggers.
struct Personal {
    std::string relation; // without schema
    /// When the person goes the row stays, without its key and these columns, all nullable; nullopt: it is deleted.
    std::optional<std::vector<std::string>> scrubbed{};
    void (*changed)() = nullptr; // what rows of it tell every session of
    std::string told_as{};       // the view that officers know it by, where that is another
    /// Instead of scrubbing: the room ends the rows itself, given their column id; after it none has its key. No
    /// person: everyone of a subject table went.
    void (*end)(const Subject *person, const std::vector<std::int64_t> &ids) = nullptr;
};

void keep_of_people(Personal table);

/// As registered.
const std::vector<Personal> &personal_tables();

/// Ends what these tables keep of whoever had this key. What was written by this transaction's command `since` or a
/// later one is left alone: it is the new bearer's. Returns how many rows it concerns, by what officers call the
/// relation; with `dry_run`, only counts.
std::map<std::string, std::uint64_t> close_personal(const Subject &subject, CommandId since = InvalidCommandId,
                                                    bool dry_run = false);

/// The person has another key now; `since` is the command that changed it.
void carry_over_personal(const Subject &from, const Subject &to, CommandId since);

/// Ends what is kept of everyone of a subject table.
void close_all_personal(Oid subject_table);

/// Copies of the rows of a person that a look-up by subject_table and key finds, so that nothing changes under the
/// scan; without those that this transaction's command `since` or a later one wrote.
std::vector<HeapTuple> rows_of_person(const pg::Lookup &lookup, const Subject &subject, CommandId since);

void init_personal();

} // namespace gdpr::subject
