// The ciphertext literal as text: a prefix, then the stored value in base64. Pure C++: fuzzed and tested alone.
#pragma once

#include "cipher/cipher.hpp"

#include <optional>
#include <string_view>

namespace gdpr::encrypted {

/// Every literal begins with this; plaintext that does is refused, or a plain dump of it would be read back as
/// ciphertext.
inline constexpr std::string_view literal_prefix = "gdpr-ciphertext-1:";

inline bool is_literal(std::string_view text) noexcept { return text.starts_with(literal_prefix); }

/// Characters of the literal of a value of that many bytes.
constexpr std::size_t literal_length(std::size_t size) noexcept { return literal_prefix.size() + (size + 2) / 3 * 4; }

/// Writes literal_length(value.size()) characters and a zero after them.
void encode_literal(cipher::Bytes value, std::span<char> out) noexcept;

/// Bytes that decode_literal may write.
constexpr std::size_t literal_room(std::string_view literal) noexcept { return literal.size() / 4 * 3; }

/// The size of the value that the literal holds, written to `out`; nothing where the text is no literal.
std::optional<std::size_t> decode_literal(std::string_view literal, std::span<std::uint8_t> out) noexcept;

} // namespace gdpr::encrypted
