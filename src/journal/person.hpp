// The people of a subject table, as the journal sees them: hashes of keys and identifiers.
#pragma once

#include "cipher/cipher.hpp"
#include "pg/postgres.hpp"
#include "rights/normalise.hpp"
#include "subject/graph.hpp"

namespace gdpr::journal {

/// Under a key that may be a former one.
cipher::Digest subject_hash(std::uint32_t key_id, const std::string &table, const std::string &key);

/// The identifiers in the person's own row; none where it is gone.
std::set<rights::Identifier> own_identifiers(const subject::Subject &subject);

/// One row of a subject table. Gone when visit() returns.
struct Person {
    std::string key;
    std::set<rights::Identifier> identifiers;
};

/// Visits every person of a subject table, in one pass and below SQL: without privileges, row security or queries.
void each_person(Oid subject_table, const std::function<void(const Person &)> &visit);

} // namespace gdpr::journal
