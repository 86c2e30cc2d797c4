// Keyed hashes of the identifiers of forgotten people.
#pragma once

#include "cipher/cipher.hpp"
#include "journal/record.hpp"
#include "pg/postgres.hpp"
#include "rights/identifier.hpp"

#include <set>

namespace gdpr::rights {

/// How many of these the blocklist does not have. With `add` it has them afterwards. Makes no key unless it adds.
std::uint64_t block(const std::set<Identifier> &identifiers, std::string_view ground, bool add);

/// Keyed hash of an identifier, under a key that may be a former one.
cipher::Digest identifier_hash(const Identifier &identifier, std::uint32_t key_id);

/// An entry as the journal has it: added where it is missing, and removed where it is no younger than `at`. How many.
std::uint64_t restore_block(const cipher::Digest &hash, const journal::Entry &entry);
std::uint64_t lift_block(const cipher::Digest &hash, std::int64_t at);

void init_blocklist();

} // namespace gdpr::rights
