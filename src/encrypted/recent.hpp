// Plaintext of short values that were compared or hashed lately: the upper pages of an index, the groups of an
// aggregate, the pivot of a sort are asked for again and again.
#pragma once

#include "encrypted/type.hpp"

namespace gdpr::encrypted {

inline constexpr std::size_t longest_recent = 88; // a slot of two cache lines, short values in one

/// A sealed value as it is told from others: `header` and `tag` are 17 and 16 bytes of it.
struct SealedId {
    Oid plain;
    const std::uint8_t *header, *tag;
    std::size_t size; // of the plaintext
};

/// The plaintext, or null where it is not remembered. Valid until something else is remembered.
const std::uint8_t *find_recent(const SealedId &id) noexcept;

/// Only what was authenticated, and is not longer than longest_recent. Forgotten at the end of the transaction.
void remember(const SealedId &id, const std::uint8_t *plaintext) noexcept;

/// The same for one value only, the one hashed last: it is compared next, with what was hashed before, and seldom a
/// second time. So it shall not take the place of that, nor be looked for among all.
const std::uint8_t *find_hashed(const SealedId &id) noexcept;
void remember_hashed(const SealedId &id, const std::uint8_t *plaintext) noexcept;

} // namespace gdpr::encrypted
