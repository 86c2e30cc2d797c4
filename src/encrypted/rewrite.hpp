// What is changed in a query before it is planned, so that encrypted columns serve it as plain ones would.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::encrypted {

/// `column = ANY (array)` where an overload decides: the operator behind it takes its place.
void use_operator_behind(ScalarArrayOpExpr *search);

/// `decrypted = value`: the encrypted operator on what was to be decrypted, or on an index's gdpr.sealed(expression).
/// `query` is the one at hand; null outside of any.
void use_encrypted_operator(OpExpr *comparison, const Query *query);
void use_encrypted_operator(ScalarArrayOpExpr *search, const Query *query);
void use_encrypted_operators(RowCompareExpr *comparison, const Query *query);

/// What is decrypted by this expression, and no more than decrypted; null for any other.
Node *decrypted(Node *node);

/// min and max of an encrypted column, by its index.
void use_index_for_extremes(Query *query);

/// The names of a JSON object are made of plain values alone: what becomes one is decrypted before.
void decrypt_names(Aggref *call);
void decrypt_names(WindowFunc *call);
void decrypt_names(FuncExpr *call);

/// to_jsonb and its kin find the cast to json by themselves. What somebody writes as a cast is an error where it is one
/// of the plain type.
void refuse_cast_to_json(const FuncExpr *call);

/// timestamptz(day, '2') is not decided for a plain date.
void refuse_undecided(const FuncExpr *call);

/// Constants that a statement stores get a ciphertext of their own in each row.
void seal_anew(Query *statement);

} // namespace gdpr::encrypted
