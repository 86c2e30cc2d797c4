// The `when` of a label, ready to be asked of one row after another.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::subject {

/// The expression of a SELECT of nothing else, over the relation's columns, as range table entry 1. Raises as
/// PostgreSQL does.
Node *parse_predicate(::Relation relation, const char *sql);

class Predicate {
  public:
    /// Parses as the owner of the relation and under a pinned search path: names of other schemas are qualified.
    Predicate(Oid relation, const std::string &sql);
    ~Predicate();
    Predicate(Predicate &&other) noexcept;
    Predicate(const Predicate &) = delete;
    Predicate &operator=(const Predicate &) = delete;
    Predicate &operator=(Predicate &&) = delete;

    /// Runs as the owner of the relation: it is the owner's code.
    bool holds(TupleTableSlot *row) const;

    /// The columns it reads.
    const std::vector<AttrNumber> &columns() const noexcept { return columns_; }

  private:
    Oid relation_;
    MemoryContext context_ = nullptr;
    ExprState *state_ = nullptr;
    ExprContext *evaluation_ = nullptr;
    std::vector<AttrNumber> columns_;
};

} // namespace gdpr::subject
