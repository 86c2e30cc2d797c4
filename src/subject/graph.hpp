// The subject graph of this database: foreign keys and labels, read from the catalogs and planned.
#pragma once

#include "pg/postgres.hpp"
#include "subject/plan.hpp"

namespace gdpr::subject {

/// The planned graph of the whole database; node ids are relation OIDs. Built at first need, kept until a label
/// or a foreign key changes. The reference holds until the next catalog look-up.
const Graph &graph();

/// Every relation of the graph, subjects and what belongs to them, with its kind.
std::vector<Node> nodes();

/// The walk of one subject table. Raises where the relation is no subject table, and, naming table, columns and
/// the label to write, where a relation it may reach is undecided.
Walk decided_walk(Oid subject_table);

/// A subject as the rights name it. The key is checked against the primary key's type and made canonical (the
/// type's own output); a composite key is a row literal.
struct Subject {
    Oid table = InvalidOid;
    std::string key;
};
Subject subject(Oid subject_table, std::string_view key);

/// The text that stands for a row's primary key in gdpr.*: the value's output, or a row literal when composite.
std::string key_text(const std::vector<std::optional<std::string>> &values);

void init();

} // namespace gdpr::subject
