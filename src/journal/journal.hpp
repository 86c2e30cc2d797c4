// The journal outside the database: what a restore must not undo is written, as keyed hashes, to a file beside the
// keyring; the intent before the commit, what became of it after. Restores and point-in-time recovery leave it alone.
#pragma once

#include "journal/record.hpp"
#include "rights/normalise.hpp"
#include "subject/graph.hpp"

#include <set>

namespace gdpr::journal {

/// Says that this transaction does something to a person: the intent is in the file before it commits. Call it before
/// their rows, source and identifiers go. Raises where the file could not be written; then nothing may be done. Returns
/// the entry's id, as a UUID. What was done is known by it: gdpr.journal_entry has it once the transaction committed.
Id intend(Act act, const subject::Subject &subject, const std::set<rights::Identifier> &identifiers);

/// The same for acts that keep the person's row, which their identifiers are read from.
Id intend(Act act, const subject::Subject &subject, std::string_view purpose = {},
          std::optional<std::int64_t> until = std::nullopt);

/// Of an identifier that was taken off the blocklist.
Id intend_unblock(const rights::Identifier &identifier);

/// The hash by which journal and receipts know a person.
cipher::Digest subject_hash(const subject::Subject &subject);

/// The hash of an identifier, and the key that it is under.
struct IdentifierHash {
    std::uint32_t key = 0;
    cipher::Digest hash{};
};

/// What the journal has of the identifiers of a person who was erased.
std::vector<IdentifierHash> erased_identifiers(const cipher::Digest &subject);

/// While one lives, acts are an entry's own, done again: that entry is put into force here, and no new one is made.
class Replaying {
  public:
    explicit Replaying(const Id &entry);
    ~Replaying();
    Replaying(const Replaying &) = delete;
    Replaying &operator=(const Replaying &) = delete;
};

void init();

} // namespace gdpr::journal
