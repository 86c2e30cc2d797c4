// What an encrypted type needs to know of its plain one. Found once in the catalogs, then cached.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::encrypted {

/// An encrypted type and the plain type it stands for.
struct EncryptedType {
    Oid encrypted = InvalidOid;
    Oid plain = InvalidOid;
    int16 length = 0; // of the plain type: as pg_type.typlen
    bool by_value = false;
    bool by_send = false;       // its datum holds object ids, which another database does not share: sealed as sent
    bool adopts = false;        // its send form holds some as well
    std::uint32_t identity = 0; // what the tag of its values names
    Oid element_argument = InvalidOid; // the plain type's own typioparam
    Oid operand = InvalidOid;          // what its btree operator class compares: varchar compares as text
    Oid family = InvalidOid;           // that of the class
    bool textual = false;              // its text form is its content, so it could pose as a ciphertext literal
    // The plain type's own functions; fn_oid is InvalidOid where it has none. Calling changes their fn_extra only.
    mutable FmgrInfo input, output, receive, send;
    mutable FmgrInfo compare; // btree order
    mutable FmgrInfo hash;    // extended hash
    mutable FmgrInfo resize;  // length coercion: varchar(50), numeric(10,2)
    mutable FmgrInfo to_json;
    int resize_arguments = 0;
};

/// The encrypted type `oid`, or raises. The pointer is valid until the end of the transaction.
const EncryptedType &type_of(Oid encrypted);

/// As type_of, for a function that is declared on an encrypted type, cached in fn_extra: argument number
/// `argument`, or the result when it is -1.
const EncryptedType &type_of_call(FunctionCallInfo fcinfo, int argument);

/// The operands of a function that compares two values, of which at least one is of an encrypted type.
struct Comparison {
    const EncryptedType *types[2]; // null where the operand is plain
    FmgrInfo *compare;             // the order of their plaintext
};

/// What the function is declared on, cached in fn_extra.
const Comparison &comparison_of_call(FunctionCallInfo fcinfo);

/// The encrypted counterpart of a plain type; InvalidOid where there is none.
Oid encrypted_counterpart(Oid plain);

/// The plain type behind an encrypted one; InvalidOid for any other type.
Oid plain_counterpart(Oid type);

/// The plain type behind an encrypted one; any other type is its own.
inline Oid plain_form(Oid type) {
    const Oid plain = plain_counterpart(type);
    return OidIsValid(plain) ? plain : type;
}

/// The plain type that values of a column travel as: of an encrypted type, or of a domain over one, the plain type.
Oid travelling_type(Oid type);

/// Is it what the operators of all enums, arrays, ranges or rows are declared on?
inline bool is_generic(Oid type) { return IsPolymorphicType(type) || type == RECORDOID; }

/// What the operators of a plain type compare: text for varchar; the type itself where they are generic or it has none.
Oid operand_of(Oid plain);

/// Where those operators of encrypted types are whose sight would change what plain expressions resolve to: a schema
/// that is in nobody's search_path.
inline constexpr const char *hidden_schema = "gdpr_operators";

/// The operator of exactly these types, in pg_catalog or hidden; InvalidOid where there is none.
Oid operator_between(const char *name, Oid left, Oid right);

void init_types();

} // namespace gdpr::encrypted
