// Encrypted columns whose label was taken away.
#pragma once

#include "pg/pg.hpp"

namespace gdpr::apply {

/// Has the relation such columns, which apply() decrypts?
bool has_unlabelled(Oid relation, pg::Spi &spi);

/// Forgets those that are decrypted, or gone.
void forget_unlabelled();

} // namespace gdpr::apply
