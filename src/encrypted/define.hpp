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

/// An encrypted type that is being defined.
struct Definition {
    explicit Definition(Oid plain);

    Oid plain;
    Oid operand;      // what the plain type's operator class compares: varchar compares as text
    std::string base; // the encrypted type's name, with which those of its functions begin
    std::string name; // the same, qualified and quoted
    std::string plain_name;
};

/// A C function of the extension, executable by everyone: what it reveals is what the column's privileges allow.
void define_function(pg::Spi &spi, const std::string &signature, const std::string &result, const std::string &symbol,
                     const std::string &properties, const std::string &comment);

/// The type itself, its input and output, and the casts that bind it to its plain type.
void define_type(pg::Spi &spi, const Definition &type);

/// Comparison operators with everything that the plain type's own operator family pairs it with, and the classes.
void define_operators(pg::Spi &spi, const Definition &type);

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
