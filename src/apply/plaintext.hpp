// What would keep plaintext of an encrypted column outside its ciphertext: indexes, statistics and generated columns
// that are computed from it.
#pragma once

#include "apply/action.hpp"
#include "pg/pg.hpp"

namespace gdpr::apply {

/// Does the column's label say that it is encrypted?
bool wants_encryption(Oid relation, AttrNumber column);

/// Raises where an index, a statistics object or a generated column of the relation stores a plaintext result of one
/// of its encrypted columns, or of one that is labelled encrypted.
void refuse_stored_plaintext(Oid relation, pg::Spi &spi);

/// Refuses such objects when they are created, whoever creates them and by whatever statement.
void init_plaintext_guard();

} // namespace gdpr::apply
