// Cryptography on plain bytes, by libraries alone. Knows nothing of PostgreSQL; everything that can be called
// per value is noexcept and says by its result whether it worked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

struct evp_cipher_ctx_st;

namespace gdpr::cipher {

inline constexpr std::size_t key_size = 32;
inline constexpr std::size_t nonce_size = 12;
inline constexpr std::size_t tag_size = 16;
inline constexpr std::size_t digest_size = 32;
inline constexpr std::size_t wrapped_size = key_size + 8; // RFC 5649 adds one block of eight bytes

using Bytes = std::span<const std::uint8_t>;
using Digest = std::array<std::uint8_t, digest_size>;

/// 256 bits of secret, overwritten when they go.
class Key {
  public:
    Key() = default;
    Key(const Key &other) = default;
    Key &operator=(const Key &other) = default;
    ~Key();

    std::uint8_t *data() noexcept { return bytes_.data(); }
    const std::uint8_t *data() const noexcept { return bytes_.data(); }
    operator Bytes() const noexcept { return {bytes_.data(), bytes_.size()}; }
    bool operator==(const Key &other) const noexcept;

    /// A fresh key from the private random generator. Throws std::bad_alloc's cousin Failure on no entropy.
    static Key random();

  private:
    std::array<std::uint8_t, key_size> bytes_{};
};

/// A library refused: no entropy, no memory, or an algorithm is switched off.
struct Failure : std::exception {
    const char *what() const noexcept override { return "the cryptographic library failed"; }
};

/// Overwrites memory in a way no optimiser removes.
void cleanse(void *memory, std::size_t size) noexcept;

/// Random bytes for nonces, from a pool that is refilled by the system's generator and never crosses a fork.
bool random_bytes(std::uint8_t *out, std::size_t size) noexcept;

class Gcm;

/// AES-256-GCM with a key schedule that is set up once. Not thread safe.
class Aead {
  public:
    explicit Aead(const Key &key);
    ~Aead();
    Aead(const Aead &) = delete;
    Aead &operator=(const Aead &) = delete;

    /// Writes plain.size() bytes of ciphertext to `out`, then the tag.
    bool seal(Bytes nonce, Bytes associated, Bytes plain, std::uint8_t *out) noexcept;

    /// As seal, under a fresh random nonce, which it writes to `nonce`.
    bool seal_anew(std::uint8_t *nonce, Bytes associated, Bytes plain, std::uint8_t *out) noexcept;

    /// Writes sealed.size() - tag_size bytes to `out`; false when the tag is wrong, `out` then zeroed.
    bool open(Bytes nonce, Bytes associated, Bytes sealed, std::uint8_t *out) noexcept;

  private:
    std::unique_ptr<Gcm> gcm_;
};

/// Finds out what the processor can: a millisecond, which processes that are forked off later are spared.
void prepare() noexcept;

/// A keyed 64-bit pseudorandom function: one AES-256 block. Hides the hash of a value from whoever has no key.
class KeyedHash {
  public:
    explicit KeyedHash(const Key &key);
    ~KeyedHash();
    KeyedHash(const KeyedHash &) = delete;
    KeyedHash &operator=(const KeyedHash &) = delete;

    bool mac(std::uint64_t value, std::uint64_t seed, std::uint64_t &out) noexcept;

  private:
    evp_cipher_ctx_st *context_ = nullptr;
};

/// AES-256-CMAC (NIST SP 800-38B) with a key schedule that is set up once: a keyed digest of 128 bits. Not thread safe.
class Mac {
  public:
    explicit Mac(const Key &key);
    ~Mac();
    Mac(const Mac &) = delete;
    Mac &operator=(const Mac &) = delete;

    /// Writes tag_size bytes to `out`.
    bool digest(Bytes data, std::uint8_t *out) noexcept;

  private:
    using Block = std::array<std::uint8_t, 16>;

    evp_cipher_ctx_st *context_ = nullptr; // in CBC mode
    Block last_{};                         // what it adds to the next block
    Block whole_{}, filled_{};             // what is added to the last block of data that fills it, or was filled up
};

/// AES-256 key wrap with padding (RFC 5649).
std::array<std::uint8_t, wrapped_size> wrap(const Key &wrapping, const Key &secret);

/// False when `wrapped` was not made by `wrapping`, or was altered.
bool unwrap(const Key &wrapping, Bytes wrapped, Key &secret) noexcept;

/// HKDF-SHA256 (RFC 5869) to another key; `info` names the use.
Key derive(const Key &root, std::string_view info);

Digest hmac_sha256(const Key &key, Bytes data);
Digest sha256(Bytes data);

/// Compares in a time that depends on the lengths alone.
bool equal(Bytes one, Bytes other) noexcept;

inline Bytes bytes(std::string_view text) noexcept {
    return {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()};
}

} // namespace gdpr::cipher
