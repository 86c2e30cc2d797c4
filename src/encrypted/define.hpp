// The parts of an encrypted type's definition.
#pragma once

#include "encrypted/resolve.hpp"
#include "pg/spi.hpp"

namespace gdpr::encrypted {

/// A plain type and its encrypted type.
struct Pair {
    Oid plain = InvalidOid;
    Oid encrypted = InvalidOid;
};

/// Every encrypted type that there is.
std::vector<Pair> encrypted_types(pg::Spi &spi);

/// Is a plain type text, varchar or one like them? These convert to and from everything by input and output.
bool is_textual(Oid plain);

/// Copies the casts of plain types to their encrypted types, and those between plain types that both have one.
void define_casts(pg::Spi &spi, const Types &plains);

/// Makes the casts, and twins of operators and functions wherever a call would then resolve otherwise than it does
/// over the plain types.
void define_overloads(pg::Spi &spi, const Types &plains);

} // namespace gdpr::encrypted
