// What gdpr.rectify() is asked to change: its JSON, read against the person's graph.
#pragma once

#include "pg/postgres.hpp"
#include "pg/spi.hpp"
#include "subject/collect.hpp"

namespace gdpr::rights {

/// A new value as the JSON has it.
struct NewValue {
    std::string kind;                // of jsonb_typeof
    std::optional<std::string> text; // null where the JSON is
    std::string json;
};

/// By column, unquoted.
using RowChanges = std::map<std::string, NewValue>;

/// By place of the selection in the collection, then by the row's key.
using Changes = std::map<std::size_t, std::map<std::string, RowChanges>>;

/// Reads both forms; raises where a name is neither column nor relation, or both, where a relation is not the
/// person's own, where a column may not be changed, and where nothing is to change.
Changes read_changes(const subject::Collection &collection, Datum json);

/// The value for a column, checked by the type's own input; it travels as the column's plain type.
pg::Param value_for(Oid relation, const std::string &column, const NewValue &value);

} // namespace gdpr::rights
