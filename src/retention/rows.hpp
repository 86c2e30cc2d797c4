// Rows whose time is over, a batch at a time.
#pragma once

#include "retention/due.hpp"

namespace gdpr::retention {

/// What was done to how many rows, by relation and action.
using Done = std::map<std::pair<Oid, std::string>, std::uint64_t>;

/// Goes through one table that holds rows, each step in a transaction of its own: by the index on its column, or by
/// its pages where there is none. Rows that somebody else has locked, that are kept or restricted, or that something
/// else holds on to are left for the next time.
class RowPass {
  public:
    RowPass(const Term &term, Oid leaf);

    /// One batch; adds to `done`. False when there is nothing more.
    bool step(Done &done);

    /// How many rows could not go, since a constraint or a trigger forbids it.
    std::uint64_t refused() const noexcept { return refused_; }

  private:
    std::vector<std::string> next_batch(std::int64_t limit);
    void advance(std::size_t found, std::int64_t limit);
    bool attempt(const std::vector<std::string> &places, Done &done);
    void pass_over(const std::vector<std::string> &places);
    void forget(const std::vector<std::string> &places, Done &done);

    const Term &term_;
    Oid leaf_;
    bool indexed_;
    std::uint64_t block_ = 0, blocks_ = 0; // without an index
    std::set<std::string> passed_over_;    // places of rows that could not go
    std::uint64_t refused_ = 0;
};

/// Counts the rows that are due, and those of them whose people are restricted or held.
std::pair<std::uint64_t, std::uint64_t> count_due(const Term &term, Oid leaf);

} // namespace gdpr::retention
