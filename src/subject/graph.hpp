// The subject graph of this database: foreign keys and labels, read from the catalogs and planned.
#pragma once

#include "pg/catalog.hpp"
#include "pg/postgres.hpp"
#include "subject/plan.hpp"

namespace gdpr::subject {

/// The planned graph of the whole database; node ids are relation OIDs. Built at first need, and again when a label,
/// a key or a relation of it changes. What it returns stays valid until the end of the transaction.
const Graph &graph();

/// Grows whenever the graph is built anew, so that what was derived from it can be thrown away.
std::uint64_t generation();

/// Every relation of the graph, subjects and what belongs to them or is accessed by them, undecided ones included,
/// ordered by name.
const std::vector<Node> &nodes();

/// The relation that is in the graph for this one: itself, or the table it is a partition or inheritance child of.
/// InvalidOid where none is.
Oid node_of(Oid relation);

/// Does a foreign key stand behind an edge, so that PostgreSQL itself guards it?
bool guarded(const Edge &edge);

/// And was every row checked, so that none leads to nobody?
bool upheld(const Edge &edge);

/// Is the relation (or what it is a partition of) a subject table?
bool is_subject(Oid relation);

/// The walk of one subject table. Raises where the relation is no subject table, and, naming table, columns and
/// the label to write, where a relation it may reach is undecided.
const Walk &decided_walk(Oid subject_table);
/// The walk of one person who is in several of them.
const Walk &decided_walk(const std::vector<unsigned> &subject_tables);

/// A subject as the rights name it. The key is checked against the primary key's type and made canonical (the
/// type's own output); a composite key is a row literal.
struct Subject {
    Oid table = InvalidOid;
    std::string key;
    auto operator<=>(const Subject &) const = default;
};

/// Checks and canonicalises; raises where the table is no subject table or the key does not fit its primary key.
/// Whether such a person exists is not asked.
Subject subject(Oid subject_table, std::string_view key);

/// The text that stands for a row's primary key in gdpr.*: the value's output, or a row literal when composite.
std::string key_text(const std::vector<std::optional<std::string>> &values);

/// The columns of a subject table's primary key, with their plain types. Raises where it is none or has no key.
std::vector<pg::Column> key_columns(Oid subject_table);

/// The values of a subject's primary key, from its text, as datums of the key columns' plain types.
std::vector<Datum> key_values(const Subject &subject);

/// Visits the subject's row, in the active snapshot and below row security, if it is there; returns whether it is.
bool visit_row(const Subject &subject, const std::function<void(TupleTableSlot *)> &visit);

void init();

} // namespace gdpr::subject
