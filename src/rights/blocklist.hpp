// Keyed hashes of the identifiers of forgotten people, and who a hash is of.
#pragma once

#include "cipher/cipher.hpp"
#include "pg/postgres.hpp"
#include "rights/normalise.hpp"
#include "subject/graph.hpp"

namespace gdpr::rights {

/// normalise(), after Unicode's NFC where the database's encoding has it.
Identifier identifier(std::string_view text);

/// How many of these the blocklist does not have. With `add` it has them afterwards. Makes no key unless it adds.
std::uint64_t block(const std::set<Identifier> &identifiers, std::string_view ground, bool add);

/// Keyed hash by which a receipt of erasure knows its person.
cipher::Digest receipt_hash(const subject::Subject &subject);

void init_blocklist();

} // namespace gdpr::rights
