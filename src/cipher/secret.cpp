#include "cipher/cipher.hpp"

#include <cstring>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>

#ifdef POSTGRES_H
#error "this file is pure C++"
#endif

namespace gdpr::cipher {

namespace {

// One system call for many nonces. A child process must never replay its parent's pool.
struct Pool {
    std::array<std::uint8_t, 4080> bytes{}; // a whole number of nonces
    std::size_t used = sizeof bytes;
    bool guarded = false;
} pool;

void forget_pool() noexcept { pool.used = sizeof pool.bytes; }

struct CipherContext {
    CipherContext() = default;
    CipherContext(const CipherContext &) = delete;
    CipherContext &operator=(const CipherContext &) = delete;
    ~CipherContext() { EVP_CIPHER_CTX_free(context); }

    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
};

} // namespace

void cleanse(void *memory, std::size_t size) noexcept {
    if (size > 0) // there may be no memory then
        explicit_bzero(memory, size);
}

Key::~Key() { cleanse(bytes_.data(), bytes_.size()); }

bool Key::operator==(const Key &other) const noexcept {
    return CRYPTO_memcmp(bytes_.data(), other.bytes_.data(), bytes_.size()) == 0;
}

bool equal(Bytes one, Bytes other) noexcept {
    return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

Key Key::random() {
    Key key;
    if (RAND_priv_bytes(key.data(), key_size) != 1)
        throw Failure();
    return key;
}

bool random_bytes(std::uint8_t *out, std::size_t size) noexcept {
    if (!pool.guarded) {
        if (pthread_atfork(nullptr, nullptr, forget_pool) != 0)
            return false;
        pool.guarded = true;
    }
    if (size > sizeof pool.bytes)
        return RAND_bytes(out, static_cast<int>(size)) == 1;
    if (pool.used + size > sizeof pool.bytes) {
        if (RAND_bytes(pool.bytes.data(), sizeof pool.bytes) != 1)
            return false;
        pool.used = 0;
    }
    std::memcpy(out, pool.bytes.data() + pool.used, size);
    pool.used += size;
    return true;
}

std::array<std::uint8_t, wrapped_size> wrap(const Key &wrapping, const Key &secret) {
    CipherContext cipher;
    std::array<std::uint8_t, wrapped_size> out{};
    int written = 0;
    if (cipher.context == nullptr)
        throw Failure();
    EVP_CIPHER_CTX_set_flags(cipher.context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (EVP_EncryptInit_ex(cipher.context, EVP_aes_256_wrap_pad(), nullptr, wrapping.data(), nullptr) != 1 ||
        EVP_EncryptUpdate(cipher.context, out.data(), &written, secret.data(), key_size) != 1 ||
        written != static_cast<int>(wrapped_size))
        throw Failure();
    return out;
}

bool unwrap(const Key &wrapping, Bytes wrapped, Key &secret) noexcept {
    if (wrapped.size() != wrapped_size)
        return false;
    CipherContext cipher;
    std::array<std::uint8_t, wrapped_size> out{};
    int written = 0;
    bool good = false;
    if (cipher.context != nullptr) {
        EVP_CIPHER_CTX_set_flags(cipher.context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
        good = EVP_DecryptInit_ex(cipher.context, EVP_aes_256_wrap_pad(), nullptr, wrapping.data(), nullptr) == 1 &&
               EVP_DecryptUpdate(cipher.context, out.data(), &written, wrapped.data(), wrapped_size) == 1 &&
               written == static_cast<int>(key_size);
    }
    if (good)
        std::memcpy(secret.data(), out.data(), key_size);
    cleanse(out.data(), out.size());
    return good;
}

Key derive(const Key &root, std::string_view info) {
    Key key;
    EVP_KDF *kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, const_cast<std::uint8_t *>(root.data()), key_size),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, const_cast<char *>(info.data()), info.size()),
        OSSL_PARAM_construct_end(),
    };
    const bool good = context != nullptr && EVP_KDF_derive(context, key.data(), key_size, params) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    if (!good)
        throw Failure();
    return key;
}

namespace {

/// To look the algorithm up each time costs OpenSSL more than to compute a short MAC. Lives as long as the process.
EVP_MAC_CTX *hmac_context() {
    static EVP_MAC_CTX *context = nullptr;
    if (context != nullptr)
        return context;
    EVP_MAC *hmac = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);
    char digest[] = OSSL_DIGEST_NAME_SHA2_256;
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                     OSSL_PARAM_construct_end()};
    EVP_MAC_CTX *made = hmac == nullptr ? nullptr : EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac); // the context has its own reference
    if (made == nullptr || EVP_MAC_CTX_set_params(made, parameters) != 1) {
        EVP_MAC_CTX_free(made);
        throw Failure();
    }
    return context = made;
}

} // namespace

Digest hmac_sha256(const Key &key, Bytes data) {
    Digest out{};
    std::size_t size = 0;
    EVP_MAC_CTX *context = hmac_context();
    const bool done = EVP_MAC_init(context, key.data(), key_size, nullptr) == 1 &&
                      EVP_MAC_update(context, data.data(), data.size()) == 1 &&
                      EVP_MAC_final(context, out.data(), &size, out.size()) == 1 && size == out.size();
    // The context outlives the call, and nothing of the key may.
    static constexpr std::array<std::uint8_t, key_size> nothing{};
    (void)EVP_MAC_init(context, nothing.data(), nothing.size(), nullptr);
    if (!done)
        throw Failure();
    return out;
}

Digest sha256(Bytes data) {
    Digest out{};
    unsigned int size = 0;
    if (EVP_Digest(data.data(), data.size(), out.data(), &size, EVP_sha256(), nullptr) != 1)
        throw Failure();
    return out;
}

} // namespace gdpr::cipher
