// Plaintext of short values that were compared or hashed lately: the upper pages of an index, the groups of an
// aggregate, the pivot of a sort are asked for again and again.
#pragma once

#include "encrypted/type.hpp"

namespace gdpr::encrypted {

inline constexpr std::size_t longest_recent = 84;

/// A sealed value as it is told from others: `header` and `tag` are 17 and 16 bytes of it.
struct SealedId {
    Oid plain;
    const std::uint8_t *header, *tag;
    std::size_t size; // of the plaintext
};

/// The plaintext, or null where it is not remembered. Valid until the next call of remember().
const std::uint8_t *find_recent(const SealedId &id) noexcept;

/// Only what was authenticated, and is not longer than longest_recent. Forgotten at the end of the transaction.
void remember(const SealedId &id, const std::uint8_t *plaintext) noexcept;

void init_recent();

} // namespace gdpr::encrypted
