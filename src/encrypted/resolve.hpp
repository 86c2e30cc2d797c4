// What PostgreSQL's own rules make of a call of an operator or a function of pg_catalog.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::encrypted {

using Types = std::vector<Oid>;

struct Call {
    bool is_operator = false;
    std::string name;
    Types arguments;
    auto operator<=>(const Call &) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 misreads it
};

/// The kind of a cast that is written as a function.
inline constexpr char coercion = 'c';

/// Nothing where the rules find none, or more than one.
struct Resolved {
    Oid object = InvalidOid; // the operator, or the function, or the type of a cast
    Oid function = InvalidOid;
    Oid result = InvalidOid;
    char kind = PROKIND_FUNCTION;
    bool set = false;
    std::array<Oid, 8> declared{}; // the argument types it takes
    explicit operator bool() const noexcept { return OidIsValid(object); }
};

Resolved resolve(const Call &call);

/// Is there an operator or function for exactly these types?
bool is_exact(const Call &call);

/// Does a type go to another by itself?
bool goes_by_itself(Oid from, Oid to);

} // namespace gdpr::encrypted
