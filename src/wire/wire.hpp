// What goes to the client bears plain types: result columns and inferred parameters of the client's own statements.
// Stored things (views, tables made from queries, functions) keep the encrypted ones.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::wire {

/// The plain type behind an encrypted one, the array of plain behind an array of encrypted; InvalidOid for any other.
Oid plain_of(Oid type);

/// What PostgreSQL infers beside a plain column in an operator: the operator's own type, text for varchar; of an array
/// of plain, the array of that.
Oid operand_of(Oid plain);

/// The expression cast to its plain type, where it has an encrypted one; a row made on the spot field by field.
Expr *to_plain(ParseState *state, Expr *expression);

/// Casts what a query returns to the client to plain types. The query is changed in place.
void retype_results(ParseState *state, Query *query);

/// Gives parameters whose types the parser inferred to be encrypted their plain types, where the statement's
/// parameters are still open to inference.
void retype_parameters(ParseState *state, Query *query);

/// Does the prepared query's first column list hold a cast that retype_results put there?
bool was_retyped(const Query *query);

/// Lets functions of PL/pgSQL return queries over encrypted columns as what they declare.
void init_return_query();

void init();

} // namespace gdpr::wire
