// From a row up to the people it belongs to, below SQL: index look-ups along the planned paths, no SPI, no
// privileges, no row security. Used by triggers, policies and look-ups, so it must be cheap.
#pragma once

#include "pg/postgres.hpp"
#include "subject/graph.hpp"

namespace gdpr::subject {

/// The subjects that a row belongs to: none, one, or several, each once. `row` has the shape of `relation`, which
/// may be a partition or an inheritance child of the labelled one. Only the columns that owner_columns names are read.
std::vector<Subject> owners_of(Oid relation, TupleTableSlot *row);
std::vector<Subject> owners_of(Oid relation, HeapTuple row, TupleDesc descriptor);

/// The people whom a row tells of: those it belongs to, and those who access it.
std::vector<Subject> concerned_by(Oid relation, TupleTableSlot *row);

/// Locks the rows that keys without a foreign key lead to, as a foreign key would: whoever erases a person waits for
/// their new rows, and these for the erasure. Raises where the erasure came first.
void lock_owners(Oid relation, TupleTableSlot *row);

/// The columns, by number in `relation`, that tell whom its rows are of: owners, and those who access them.
std::vector<AttrNumber> concerning_columns(Oid relation);

/// The columns, by number in `relation`, that tell its rows' owners. Empty where the relation is not in the graph.
std::vector<AttrNumber> owner_columns(Oid relation);

/// The primary key of a row as text (see key_text); nullopt where the relation has none.
std::optional<std::string> row_key(Oid relation, TupleTableSlot *row);
std::optional<std::string> row_key(Oid relation, HeapTuple row, TupleDesc descriptor);

} // namespace gdpr::subject
