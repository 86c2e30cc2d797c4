// Rows by the values of their columns, below SQL: by an index where one serves, without privileges, row security
// or SPI. For triggers and policies, which run per row.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

/// Finds rows of one relation by equality of some columns. Chooses the index once; cheap to call many times.
/// The values may be of another type than the column where an operator family compares them (int8 with int4, text
/// with encrypted text).
class Lookup {
  public:
    /// Raises undefined_function where a column and its value cannot be compared.
    Lookup(Oid relation, const std::vector<AttrNumber> &columns, const std::vector<Oid> &value_types);

    /// Calls visit(slot) for every visible row until it returns false. A null value matches nothing.
    void each(const std::vector<Datum> &values, Snapshot snapshot,
              const std::function<bool(TupleTableSlot *)> &visit) const;

    Oid relation() const noexcept { return relation_; }
    /// Is there an index that serves, or is every call a scan of the table?
    bool indexed() const noexcept { return OidIsValid(index_); }

  private:
    struct Condition {
        AttrNumber column;    // of the table
        AttrNumber index_key; // of the index, from 1; 0 where the index does not have it
        Oid value_type;
        Oid operator_function; // column = value
        Oid subtype;           // as the index wants it
        Oid collation;
    };
    Oid relation_;
    Oid index_ = InvalidOid;
    std::vector<Condition> conditions_;
};

} // namespace gdpr::pg
