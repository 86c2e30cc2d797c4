// Rows sealed anew, below SQL: no trigger, rule, policy, check or generated column is asked, since no value changes.
#pragma once

#include "encrypted/type.hpp"
#include "pg/pg.hpp"

namespace gdpr::rotate {

/// The columns of a relation whose values are encrypted, or hold encrypted ones.
struct Column {
    AttrNumber number;
    Oid type;
};
std::vector<Column> encrypted_columns(Oid relation);

struct Result {
    BlockNumber next = 0;    // where the batch stopped
    std::int64_t rows = 0;   // sealed anew
    std::int64_t locked = 0; // passed over, since somebody holds them
};

/// One relation that has rows, for the length of one transaction, in which index expressions run as its owner.
class Rewriter {
  public:
    /// `good` are the keys whose values stay as they are. Raises where an UPDATE could not be replicated.
    Rewriter(Oid relation, std::vector<std::uint32_t> good);

    BlockNumber blocks() const;

    /// Seals rows of the blocks from `first` to before `end` anew, at most `most`, passing over those that others hold.
    Result blocks(BlockNumber first, BlockNumber end, std::int64_t most) const;

    /// Seals these rows anew where they still are there; waits for those that others hold, or passes over them.
    Result rows(std::span<const ItemPointerData> places, bool wait) const;

    /// Where there are rows with values under other keys, as one snapshot sees them: at most `most` places.
    std::vector<ItemPointerData> find(std::int64_t most) const;

  private:
    pg::OwnerScope scope_;
    pg::Relation relation_;
    std::vector<Column> columns_;
    std::vector<std::uint32_t> good_;
};

} // namespace gdpr::rotate
