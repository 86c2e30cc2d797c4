// The acts in the journal that this database does not have in force, and whom of it they are about.
#pragma once

#include "journal/match.hpp"
#include "pg/postgres.hpp"

namespace gdpr::journal {

struct Found {
    std::string key;
    Verdict verdict = Verdict::other;
};

/// An act that is not in force here.
struct Open {
    Entry entry;
    Oid table = InvalidOid; // none where the database has no subject table of the name
    bool answered = false;  // an officer said that it is to be done
    std::string question;   // why it is not done without being asked for; empty where it is
    std::vector<Found> found;
};

struct State {
    std::vector<Open> open; // in the order of the file; nothing that was taken back
    /// Identifiers that the blocklist has or has not, in the end: the last erasure or unblocking of each.
    std::vector<std::pair<Entry, bool>> blocks;
};

/// Reads the journal and looks for its people, each subject table in one pass. Confirms what this database knows was
/// done.
State state();

} // namespace gdpr::journal
