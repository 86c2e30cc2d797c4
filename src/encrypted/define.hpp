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

/// Where the functions, operator classes and families behind an encrypted type belong: beside the shipped types, or for
/// one that is made later in pg_catalog, of which pg_dump writes nothing. There they are made anew when a restore makes
/// the type.
std::string support_schema();

/// An encrypted type that is being defined.
struct Definition {
    Definition(Oid plain, const std::string &base);

    Oid plain;
    Oid operand;      // what the plain type's operator class compares: varchar compares as text
    std::string base; // the encrypted type's name, with which those of its functions begin
    std::string name; // the same, qualified and quoted
    std::string plain_name;
    std::string schema; // of what is behind it
};

/// A C function of the extension, executable by everyone: what it reveals is what the column's privileges allow.
void define_function(pg::Spi &spi, const std::string &signature, const std::string &result, const std::string &symbol,
                     const std::string &properties, const std::string &comment);

/// The type itself, its input and output, and the functions that people call. At last the one that decrypts, which
/// makes it an encrypted type.
void define_type(pg::Spi &spi, const Definition &type);

/// The casts that bind it to its plain type.
void define_own_casts(pg::Spi &spi, const Definition &type);

/// An operator of these types by its name, qualified: hidden where their comparisons are, else in pg_catalog.
std::string operator_name(pg::Spi &spi, const std::string &symbol, const std::string &left, const std::string &right);

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

/// Makes the pattern operators of an ordered type, and its operator classes for patterns and for block ranges.
void define_searches(pg::Spi &spi, Oid plain);

} // namespace gdpr::encrypted
