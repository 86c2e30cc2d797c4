// Rows by the values of their columns, below SQL: by an index where one serves, without privileges, row security
// or SPI. For triggers and policies, which run per row.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

/// Finds rows of one relation by equality of some columns. Chooses the index once; cheap to call many times. The
/// values may be of another type than the column where an operator family compares them (int8 with int4, text with
/// encrypted text). Of a partitioned table it looks into every partition that there is now.
class Lookup {
  public:
    /// Raises undefined_function where a column and its value cannot be compared.
    Lookup(Oid relation, const std::vector<AttrNumber> &columns, const std::vector<Oid> &value_types);

    /// By the first key, whatever it is, of the index that each of the heaps has beside it.
    static Lookup by_indexes(Oid relation, const std::vector<std::pair<Oid, Oid>> &heaps, Oid value_type);

    /// Calls visit(slot) for every visible row until it returns false. A null value, given as nullopt, matches nothing.
    void each(const std::vector<std::optional<Datum>> &values, Snapshot snapshot,
              const std::function<bool(TupleTableSlot *)> &visit) const;

    /// The same for many values of its only column, opening everything once.
    void each_of(const std::vector<Datum> &values, Snapshot snapshot,
                 const std::function<bool(TupleTableSlot *)> &visit) const;

    Oid relation() const noexcept { return relation_; }
    /// Is there an index that serves, or is every call a scan of the table?
    bool indexed() const noexcept;

  private:
    struct Condition {
        AttrNumber column = InvalidAttrNumber; // of the table
        std::size_t value = 0;                 // which of the values
        RegProcedure equals = InvalidOid;      // column = value
        Oid subtype = InvalidOid;              // the value's type, as the operator family knows it
        Oid collation = InvalidOid;
        AttrNumber index_key = InvalidAttrNumber; // its place in the index; invalid where the index does not have it
    };
    /// A relation that has rows: the table itself, or one of its partitions.
    struct Heap {
        Oid relation = InvalidOid;
        Oid index = InvalidOid;
        std::vector<Condition> conditions;
    };

    class Search;

    explicit Lookup(Oid relation) noexcept : relation_(relation) {}

    Heap plan_heap(Oid relation, const std::vector<AttrNumber> &columns, const std::vector<Oid> &value_types) const;

    Oid relation_;
    std::vector<Heap> heaps_;
};

} // namespace gdpr::pg
