// Identifiers in the form in which they are compared, and the indexes that have them so.
#pragma once

#include "pg/postgres.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gdpr::subject {

/// Are the values of a column written alike in every session, so that an index can have them?
bool tells_same_person(Oid relation, AttrNumber column);

/// The normalised form of a column, as SQL on a row: `row` is empty, or its alias and a dot.
std::string normalised_form(Oid relation, const std::string &column, const std::string &row);

/// A column's normalised form, read below SQL from rows of the relation's own shape.
class NormalisedColumn {
  public:
    NormalisedColumn(Oid relation, AttrNumber number);

    /// Nothing where the row has no value, or one of which nothing is left.
    std::optional<std::string> read(TupleTableSlot *row) const;

    /// The very bytes that were there before: nothing to normalise, nor to decrypt.
    bool untouched(TupleTableSlot *row, TupleTableSlot *before) const;

  private:
    AttrNumber number_;
    Oid encrypted_ = InvalidOid; // its type, where it is encrypted
    Oid plain_ = InvalidOid;
    Oid to_text_ = InvalidOid; // the cast, where the type has a function for it
    Oid normalised_;
};

/// An index whose first key is the normalised form of a column: gdpr.normalised(column), or that within gdpr.sealed()
/// over an encrypted one.
struct IndexedForm {
    Oid index = InvalidOid;
    AttrNumber column = InvalidAttrNumber;
    bool sealed = false;
};

/// Those of a relation that serve every row.
std::vector<IndexedForm> indexed_forms(Oid relation);

/// That of one column; nullopt where no index has its form.
std::optional<IndexedForm> indexed_form(Oid relation, AttrNumber column);

} // namespace gdpr::subject
