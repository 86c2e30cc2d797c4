// Keyed hashes of the identifiers of forgotten people.
#pragma once

#include "cipher/cipher.hpp"
#include "journal/record.hpp"
#include "rights/identifier.hpp"

#include <set>

namespace gdpr::rights {

/// Is nobody on it? Cheap enough for every row.
bool blocklist_empty();

/// Is the identifier on it, now?
bool blocked(const Identifier &identifier);

/// How many of these the blocklist does not have. With `add` it has them afterwards, until then or for good as the
/// setting gdpr.blocklist_period says. Makes no key unless it adds.
std::uint64_t block(const std::set<Identifier> &identifiers, std::string_view ground, bool add,
                    std::optional<TimestampTz> until = std::nullopt);

/// Takes identifiers off it, because of what `reason` says: a confirmed opt-in, or an officer. Returns how many entries
/// there were.
std::uint64_t unblock(const std::set<Identifier> &identifiers, std::string_view reason);

/// Keyed hash of an identifier, under a key that may be a former one.
cipher::Digest identifier_hash(const Identifier &identifier, std::uint32_t key_id);

/// An entry as the journal has it: added where it is missing, and removed where it is no younger. How many.
std::uint64_t restore_block(const cipher::Digest &hash, const journal::Entry &entry);
std::uint64_t lift_block(const cipher::Digest &hash, const journal::Entry &entry);

void init_blocklist();
void init_blocklist_trigger();

} // namespace gdpr::rights
