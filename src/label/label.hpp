// The labels of a relation, parsed once and cached until the relation changes.
#pragma once

#include "label/grammar.hpp"
#include "pg/postgres.hpp"

namespace gdpr::label {

struct LabelledColumn {
    AttrNumber number;
    std::string name;
    ColumnLabel label;
};

/// What a relation is declared to be. A partition or inheritance child has the labels of its parent.
struct Labels {
    Oid labelled = InvalidOid; // the relation that carries the labels: itself or its parent
    std::optional<TableLabel> table;
    std::vector<LabelledColumn> columns;

    bool empty() const noexcept { return !table && columns.empty(); }
    const ColumnLabel *column(AttrNumber number) const noexcept;
};

/// The labels of a relation; empty ones where it has none. The reference holds until the next catalog look-up:
/// copy what must last longer.
const Labels &of(Oid relation);

/// Every relation of this database that carries a label of ours, by name; partitions are not listed.
std::vector<Oid> labelled_relations();

/// Gives a table another label, where what it names has changed its name.
void relabel(Oid relation, const TableLabel &label);

/// Registers the provider and the cache's invalidation.
void init();

} // namespace gdpr::label
