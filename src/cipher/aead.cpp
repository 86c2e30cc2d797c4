#include "cipher/cipher.hpp"

#include <algorithm>
#include <cstring>
#include <openssl/evp.h>
#include <openssl/modes.h>

#ifdef POSTGRES_H
#error "this file is pure C++"
#endif

namespace gdpr::cipher {

namespace {

EVP_CIPHER_CTX *context_for(const EVP_CIPHER *algorithm, const Key &key, bool encrypt) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context == nullptr || EVP_CipherInit_ex(context, algorithm, nullptr, key.data(), nullptr, encrypt) != 1) {
        EVP_CIPHER_CTX_free(context);
        throw Failure();
    }
    return context;
}

} // namespace

/// AES blocks by EVP, the mode by OpenSSL's own GCM routines: EVP's AES-256-GCM spends five times the cipher's time on
/// setting parameters by name, which counts when a value is some forty bytes long. What they make is the same.
struct Aead::State {
    static constexpr std::size_t batch = 32; // blocks of key stream made at once

    EVP_CIPHER_CTX *blocks; // AES-256 in ECB mode
    GCM128_CONTEXT *mode;
    bool failed; // the mode's callbacks cannot say so
    // The key stream of one value: made in one go, block number i at counter first + i.
    std::uint8_t nonce[nonce_size];
    std::uint32_t first, count;
    std::uint8_t stream[batch * 16];

    void fill(std::uint32_t counter, std::size_t wanted) noexcept {
        first = counter;
        count = static_cast<std::uint32_t>(std::min(wanted, batch));
        for (std::uint32_t i = 0; i < count; i++) {
            std::uint8_t *place = stream + std::size_t{i} * 16;
            std::memcpy(place, nonce, nonce_size);
            for (int byte = 0; byte < 4; byte++)
                place[nonce_size + byte] = static_cast<std::uint8_t>((first + i) >> (24 - 8 * byte));
        }
        int written = 0;
        const int size = static_cast<int>(count * 16);
        if (EVP_EncryptUpdate(blocks, stream, &written, stream, size) != 1 || written != size)
            failed = true;
    }

    static std::uint32_t counter_of(const std::uint8_t *block) noexcept {
        return static_cast<std::uint32_t>(block[12]) << 24 | static_cast<std::uint32_t>(block[13]) << 16 |
               static_cast<std::uint32_t>(block[14]) << 8 | block[15];
    }

    /// One block of AES. Of a value's key stream it is there already; the hash key, of zeroes, is asked for once.
    static void block(const std::uint8_t in[16], std::uint8_t out[16], const void *key) noexcept {
        auto *state = static_cast<State *>(const_cast<void *>(key));
        const std::uint32_t at = counter_of(in) - state->first;
        if (at < state->count) {
            std::memcpy(out, state->stream + std::size_t{at} * 16, 16);
            return;
        }
        int written = 0;
        if (EVP_EncryptUpdate(state->blocks, out, &written, in, 16) != 1 || written != 16)
            state->failed = true;
    }

    /// Many blocks of the key stream, added to the input.
    static void counter(const std::uint8_t *in, std::uint8_t *out, std::size_t number, const void *key,
                        const std::uint8_t start[16]) noexcept {
        auto *state = static_cast<State *>(const_cast<void *>(key));
        std::uint32_t next = counter_of(start);
        while (number > 0) {
            if (next - state->first >= state->count)
                state->fill(next, number);
            const std::size_t at = next - state->first, ready = std::min<std::size_t>(number, state->count - at);
            for (std::size_t i = 0; i < ready * 16; i++)
                out[i] = in[i] ^ state->stream[at * 16 + i];
            in += ready * 16;
            out += ready * 16;
            number -= ready;
            next += static_cast<std::uint32_t>(ready);
        }
    }

    void begin(Bytes value_nonce, Bytes associated, std::size_t size) noexcept {
        failed = false;
        std::copy(value_nonce.begin(), value_nonce.end(), nonce);
        fill(1, size / 16 + 2);
        CRYPTO_gcm128_setiv(mode, nonce, nonce_size);
        if (CRYPTO_gcm128_aad(mode, associated.data(), associated.size()) != 0)
            failed = true;
    }

    void end() noexcept {
        cleanse(stream, std::size_t{count} * 16);
        count = 0;
    }
};

Aead::Aead(const Key &key) : state_(std::make_unique<State>()) {
    State *state = state_.get();
    state->blocks = context_for(EVP_aes_256_ecb(), key, true);
    EVP_CIPHER_CTX_set_padding(state->blocks, 0);
    state->count = 0;
    state->failed = false;
    state->mode = CRYPTO_gcm128_new(state, State::block);
    if (state->mode == nullptr || state->failed) {
        CRYPTO_gcm128_release(state->mode);
        EVP_CIPHER_CTX_free(state->blocks);
        throw Failure();
    }
}

Aead::~Aead() {
    // Both cleanse what they hold.
    CRYPTO_gcm128_release(state_->mode);
    EVP_CIPHER_CTX_free(state_->blocks);
}

bool Aead::seal(Bytes nonce, Bytes associated, Bytes plain, std::uint8_t *out) noexcept {
    State *state = state_.get();
    state->begin(nonce, associated, plain.size());
    if (CRYPTO_gcm128_encrypt_ctr32(state->mode, plain.data(), out, plain.size(), State::counter) != 0)
        state->failed = true;
    CRYPTO_gcm128_tag(state->mode, out + plain.size(), tag_size);
    state->end();
    return !state->failed;
}

bool Aead::open(Bytes nonce, Bytes associated, Bytes sealed, std::uint8_t *out) noexcept {
    if (sealed.size() < tag_size)
        return false;
    State *state = state_.get();
    const Bytes hidden = sealed.first(sealed.size() - tag_size);
    state->begin(nonce, associated, hidden.size());
    if (CRYPTO_gcm128_decrypt_ctr32(state->mode, hidden.data(), out, hidden.size(), State::counter) != 0)
        state->failed = true;
    const bool good = CRYPTO_gcm128_finish(state->mode, sealed.data() + hidden.size(), tag_size) == 0 && !state->failed;
    state->end();
    if (!good)
        cleanse(out, hidden.size());
    return good;
}

KeyedHash::KeyedHash(const Key &key) : context_(context_for(EVP_aes_256_ecb(), key, true)) {
    EVP_CIPHER_CTX_set_padding(context_, 0);
}

KeyedHash::~KeyedHash() { EVP_CIPHER_CTX_free(context_); }

bool KeyedHash::mac(std::uint64_t value, std::uint64_t seed, std::uint64_t &out) noexcept {
    std::array<std::uint64_t, 2> block{value, seed};
    int written = 0;
    if (EVP_EncryptUpdate(context_, reinterpret_cast<std::uint8_t *>(block.data()), &written,
                          reinterpret_cast<const std::uint8_t *>(block.data()), sizeof block) != 1)
        return false;
    out = block[0];
    return written == sizeof block;
}

} // namespace gdpr::cipher
