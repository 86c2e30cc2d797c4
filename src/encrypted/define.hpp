// The parts of an encrypted type's definition.
#pragma once

#include "pg/spi.hpp"

namespace gdpr::encrypted {

/// Makes the twins of functions and operators that the plain type reaches through an implicit cast, and lets what
/// widens to the plain type widen to the encrypted one.
void define_overloads(pg::Spi &spi, Oid plain, Oid encrypted);

} // namespace gdpr::encrypted
