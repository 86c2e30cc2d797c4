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
    std::uint8_t version = 0;
    std::uint32_t key = 0, type = 0;
    operator cipher::Bytes() const noexcept { return {bytes, sizeof bytes}; }
};

/// The same for value after value, so it is kept: bytes just written in pieces are slow to read as a block. Valid until
/// the next call.
inline const Associated &associated(std::uint8_t version, std::uint32_t key, std::uint32_t type) noexcept {
    static Associated last;
    if (last.version != version || last.key != key || last.type != type) {
        last.version = version;
        last.key = key;
        last.type = type;
        last.bytes[0] = version;
        std::memcpy(last.bytes + 1, &key, sizeof key);
        std::memcpy(last.bytes + nonce_at, &type, sizeof type);
    }
    return last;
}

/// Opens a value into `out`, which has room for plain_size bytes. False where anything of it was altered.
inline bool open_bytes(cipher::Aead &aead, const Parsed &parsed, std::uint32_t type, std::uint8_t *out) noexcept {
    return aead.open({parsed.header + nonce_at, cipher::nonce_size}, associated(parsed.header[0], parsed.key, type),
                     {parsed.header + header_size, parsed.plain_size + cipher::tag_size}, out);
}

} // namespace gdpr::encrypted
