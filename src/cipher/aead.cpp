#include "cipher/cipher.hpp"

#include <algorithm>
#include <bit>
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
    // The key stream of one value, block number i at counter first + i: made in one go, or taken from `ahead`.
    std::uint8_t nonce[nonce_size];
    std::uint32_t first, count;
    std::uint8_t *stream;
    std::uint8_t own[batch * 16];

    // Nonces of values to come and the beginning of their key streams: one call of AES serves several short values,
    // whose blocks would not fill the cipher's pipeline. Never used twice, nor in a child process.
    static constexpr std::uint32_t values_ahead = 10, blocks_ahead = 5;
    struct {
        std::uint8_t nonces[values_ahead * nonce_size];
        std::uint8_t streams[values_ahead * blocks_ahead * 16];
        std::uint32_t next = values_ahead;
        unsigned forks = 0;
    } ahead;

    /// In place.
    void encrypt(std::uint8_t *data, std::size_t size) noexcept {
        int written = 0;
        if (EVP_EncryptUpdate(blocks, data, &written, data, static_cast<int>(size)) != 1 ||
            written != static_cast<int>(size))
            failed = true;
    }

    static void count_blocks(std::uint8_t *place, const std::uint8_t *of_nonce, std::uint32_t from,
                             std::uint32_t number) noexcept {
        for (std::uint32_t i = 0; i < number; i++, place += 16) {
            const std::uint32_t counter = big_endian(from + i);
            std::memcpy(place, of_nonce, nonce_size);
            std::memcpy(place + nonce_size, &counter, sizeof counter);
        }
    }

    void fill(std::uint32_t counter, std::size_t wanted) noexcept {
        stream = own;
        first = counter;
        count = static_cast<std::uint32_t>(std::min(wanted, batch));
        count_blocks(own, nonce, first, count);
        encrypt(own, std::size_t{count} * 16);
    }

    void fill_ahead() noexcept {
        ahead.next = values_ahead;
        ahead.forks = fork_count();
        if (!random_bytes(ahead.nonces, sizeof ahead.nonces)) {
            failed = true;
            return;
        }
        for (std::uint32_t value = 0; value < values_ahead; value++)
            count_blocks(ahead.streams + value * blocks_ahead * 16, ahead.nonces + value * nonce_size, 1, blocks_ahead);
        encrypt(ahead.streams, sizeof ahead.streams);
        if (!failed)
            ahead.next = 0;
    }

    static constexpr std::uint32_t big_endian(std::uint32_t number) noexcept {
        return std::endian::native == std::endian::big ? number : __builtin_bswap32(number);
    }

    static std::uint32_t counter_of(const std::uint8_t *block) noexcept {
        std::uint32_t number;
        std::memcpy(&number, block + nonce_size, sizeof number);
        return big_endian(number);
    }

    /// Adds one block of the key stream to the input, by words.
    static void add_block(const std::uint8_t *in, const std::uint8_t *key_stream, std::uint8_t *out) noexcept {
        std::uint64_t value[2], mask[2];
        std::memcpy(value, in, 16);
        std::memcpy(mask, key_stream, 16);
        value[0] ^= mask[0];
        value[1] ^= mask[1];
        std::memcpy(out, value, 16);
    }

    /// One block of AES. Of a value's key stream it is there already; the hash key, of zeroes, is asked for once.
    static void block(const std::uint8_t in[16], std::uint8_t out[16], const void *key) noexcept {
        auto *state = static_cast<State *>(const_cast<void *>(key));
        const std::uint32_t at = counter_of(in) - state->first;
        if (at < state->count) {
            std::memcpy(out, state->stream + std::size_t{at} * 16, 16);
            return;
        }
        std::memcpy(out, in, 16);
        state->encrypt(out, 16);
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
            for (std::size_t i = 0; i < ready; i++)
                add_block(in + i * 16, state->stream + (at + i) * 16, out + i * 16);
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
        begin_mode(associated);
    }

    /// As begin, with a nonce of its own; false when there is none to be had.
    bool begin_ahead(Bytes associated) noexcept {
        failed = false;
        if (ahead.next == values_ahead || ahead.forks != fork_count())
            fill_ahead();
        if (failed)
            return false;
        std::memcpy(nonce, ahead.nonces + ahead.next * nonce_size, nonce_size);
        stream = ahead.streams + ahead.next * blocks_ahead * 16;
        first = 1;
        count = blocks_ahead;
        ahead.next++;
        begin_mode(associated);
        return true;
    }

    void begin_mode(Bytes associated) noexcept {
        CRYPTO_gcm128_setiv(mode, nonce, nonce_size);
        if (CRYPTO_gcm128_aad(mode, associated.data(), associated.size()) != 0)
            failed = true;
    }

    bool seal(Bytes plain, std::uint8_t *out) noexcept {
        if (CRYPTO_gcm128_encrypt_ctr32(mode, plain.data(), out, plain.size(), counter) != 0)
            failed = true;
        CRYPTO_gcm128_tag(mode, out + plain.size(), tag_size);
        end();
        return !failed;
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
    cleanse(state_->ahead.streams, sizeof state_->ahead.streams);
}

bool Aead::seal(Bytes nonce, Bytes associated, Bytes plain, std::uint8_t *out) noexcept {
    state_->begin(nonce, associated, plain.size());
    return state_->seal(plain, out);
}

bool Aead::seal_anew(std::uint8_t *nonce, Bytes associated, Bytes plain, std::uint8_t *out) noexcept {
    if (!state_->begin_ahead(associated))
        return false;
    std::memcpy(nonce, state_->nonce, nonce_size);
    return state_->seal(plain, out);
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
    auto *bytes = reinterpret_cast<std::uint8_t *>(block.data());
    int written = 0;
    if (EVP_EncryptUpdate(context_, bytes, &written, bytes, sizeof block) != 1)
        return false;
    out = block[0];
    return written == sizeof block;
}

} // namespace gdpr::cipher
