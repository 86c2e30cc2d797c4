// The identifiers in rows: what recognises a person, read below SQL.
#pragma once

#include "pg/postgres.hpp"
#include "rights/normalise.hpp"

namespace gdpr::rights {

/// normalise(), after Unicode's NFC where the database's encoding has it.
Identifier identifier(std::string_view text);

/// The columns labelled identifier of a relation, and how their values are written. Lives in the memory context that
/// is current when it is made.
class IdentifierColumns {
  public:
    explicit IdentifierColumns(Oid relation);

    std::size_t size() const noexcept { return columns_.size(); }
    AttrNumber number(std::size_t column) const { return columns_[column].number; }
    const std::string &name(std::size_t column) const { return columns_[column].name; }

    /// The identifier in one of the columns; nothing where it holds none.
    std::optional<Identifier> read(std::size_t column, TupleTableSlot *row) const;

    /// Those of all columns.
    std::set<Identifier> read(TupleTableSlot *row) const;

  private:
    struct Column {
        AttrNumber number = InvalidAttrNumber;
        std::string name;
        FmgrInfo output{};
    };
    std::vector<Column> columns_;
    bool pinned_ = false; // the text of some value depends on the session's settings
};

void init_identifiers();

} // namespace gdpr::rights
