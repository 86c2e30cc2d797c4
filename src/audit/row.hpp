// The columns of an audited relation: which of them a change touched, and their values as JSON.
#pragma once

#include "encrypted/type.hpp"
#include "pg/postgres.hpp"

namespace gdpr::audit {

/// How a column's values become JSON. What has no way of its own goes through to_jsonb.
enum class Rendering { text, boolean, int2, int4, int8, numeric, date_time, json, jsonb, other };

struct Column {
    AttrNumber number;
    NameData name;
    Oid encrypted; // the encrypted type, or InvalidOid
    Oid type;      // the plain one, below any domain
    int16 length;
    bool by_value;
    Rendering rendering;
    mutable FmgrInfo to_jsonb; // where rendering is json or other
};

/// What the trigger knows of a relation, learnt once and kept until the relation or the subject graph changes.
class Shape {
  public:
    /// The shape of a relation, a partition being one of its own.
    static std::shared_ptr<const Shape> of(::Relation relation);

    explicit Shape(::Relation relation);
    ~Shape();
    Shape(const Shape &) = delete;
    Shape &operator=(const Shape &) = delete;

    Oid node = InvalidOid;      // the labelled relation
    bool in_graph = false;      // may its rows have owners?
    const Column *columns;      // live ones, in order
    int count = 0;              // of columns
    std::vector<int> ownership; // the places in columns that tell whom a row is of

  private:
    MemoryContext context_;
    std::uint64_t generation_;
};

/// Is the value of a column the same in both rows? Encrypted ones are compared by what they say, since encrypting the
/// same value again gives another ciphertext. The slots are deformed.
bool same_value(const Column &column, const TupleTableSlot *one, const TupleTableSlot *other);

/// {"old": {…}, "new": {…}} with the columns at these places; a null slot leaves its half out. The slots are deformed.
Jsonb *content(const Shape &shape, const TupleTableSlot *before, const TupleTableSlot *after, const int *places,
               int count);

/// {"note": "…"}
Jsonb *note_content(std::string_view note);

void init_shapes();

} // namespace gdpr::audit
