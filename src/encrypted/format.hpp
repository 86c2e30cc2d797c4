// The value on disk, as bytes:  version | key id | nonce | ciphertext | tag.  Pure C++: fuzzed and tested alone.
// Version 1 seals a plaintext as it is; version 2 one that was compressed: what PostgreSQL stores of a compressed value
// behind its length word, which tells the original size and the method.
#pragma once

#include "cipher/cipher.hpp"

#include <cstring>

namespace gdpr::encrypted {

inline constexpr std::uint8_t current_version = 1, compressed_version = 2;
inline constexpr std::size_t nonce_at = 1 + 4;
inline constexpr std::size_t header_size = nonce_at + cipher::nonce_size;
inline constexpr std::size_t overhead = header_size + cipher::tag_size;

/// A value whose header was understood; its bytes are still those it was read from.
struct Parsed {
    const std::uint8_t *header;
    std::uint32_t key;
    std::size_t plain_size; // of what was sealed
    bool compressed;
};

/// What is wrong with it as a value, as a sentence; null where nothing is.
inline const char *parse(cipher::Bytes value, Parsed &parsed) noexcept {
    if (value.size() < overhead)
        return "It is shorter than its header.";
    if (value[0] != current_version && value[0] != compressed_version)
        return "Its version is not known.";
    parsed = {value.data(), 0, value.size() - overhead, value[0] == compressed_version};
    std::memcpy(&parsed.key, value.data() + 1, sizeof parsed.key);
    return nullptr;
}

/// What the tag authenticates besides nonce and plaintext: version, key and the plain type, so that a value cannot be
/// read as another type. One block of the cipher.
struct Associated {
    std::uint8_t bytes[16] = {};
    Associated(const std::uint8_t *header, std::uint32_t type) noexcept {
        std::memcpy(bytes, header, nonce_at);
        std::memcpy(bytes + nonce_at, &type, sizeof type);
    }
    operator cipher::Bytes() const noexcept { return {bytes, sizeof bytes}; }
};

/// Opens a value into `out`, which has room for plain_size bytes. False where anything of it was altered.
inline bool open_bytes(cipher::Aead &aead, const Parsed &parsed, std::uint32_t type, std::uint8_t *out) noexcept {
    return aead.open({parsed.header + nonce_at, cipher::nonce_size}, Associated(parsed.header, type),
                     {parsed.header + header_size, parsed.plain_size + cipher::tag_size}, out);
}

} // namespace gdpr::encrypted
