// Encrypted values inside of others: elements of arrays, fields of rows, and what is below domains.
#pragma once

#include "pg/postgres.hpp"

#include <span>

namespace gdpr::rotate {

/// WITH RECURSIVE encrypted(type): every type that is an encrypted one or may hold values of one.
extern const char *const encrypted_types;

/// Is a type an encrypted one, or may it hold values of one?
bool holds_encrypted(Oid type);

/// Calls `visit` with the key of each encrypted value; stops where that says so, and then returns true.
bool visit_keys(Oid type, Datum value, bool (*visit)(std::uint32_t key, void *context), void *context);

/// Of the elements of an array, whose type may be one that has no array type: statistics hold such.
bool visit_elements(Datum array, bool (*visit)(std::uint32_t key, void *context), void *context);

/// The same value, with what is sealed under other keys than `good` sealed anew.
Datum renewed(Oid type, Datum value, std::span<const std::uint32_t> good);

} // namespace gdpr::rotate
