#include "cipher/cipher.hpp"

#include <openssl/evp.h>

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

int length(Bytes bytes) noexcept { return static_cast<int>(bytes.size()); }

} // namespace

Aead::Aead(const Key &key) : seal_(context_for(EVP_aes_256_gcm(), key, true)) {
    try {
        open_ = context_for(EVP_aes_256_gcm(), key, false);
    } catch (...) {
        EVP_CIPHER_CTX_free(seal_);
        throw;
    }
}

Aead::~Aead() {
    // Freeing a context cleanses its key schedule.
    EVP_CIPHER_CTX_free(seal_);
    EVP_CIPHER_CTX_free(open_);
}

bool Aead::seal(Bytes nonce, Bytes associated, Bytes plain, std::uint8_t *out) noexcept {
    int written = 0;
    return EVP_EncryptInit_ex(seal_, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
           EVP_EncryptUpdate(seal_, nullptr, &written, associated.data(), length(associated)) == 1 &&
           (plain.empty() || EVP_EncryptUpdate(seal_, out, &written, plain.data(), length(plain)) == 1) &&
           EVP_EncryptFinal_ex(seal_, out + plain.size(), &written) == 1 &&
           EVP_CIPHER_CTX_ctrl(seal_, EVP_CTRL_AEAD_GET_TAG, tag_size, out + plain.size()) == 1;
}

bool Aead::open(Bytes nonce, Bytes associated, Bytes sealed, std::uint8_t *out) noexcept {
    if (sealed.size() < tag_size)
        return false;
    const Bytes hidden = sealed.first(sealed.size() - tag_size);
    std::array<std::uint8_t, tag_size> tag;
    std::copy(sealed.end() - tag_size, sealed.end(), tag.begin());
    std::uint8_t none;
    int written = 0;
    if (EVP_DecryptInit_ex(open_, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
        EVP_DecryptUpdate(open_, nullptr, &written, associated.data(), length(associated)) == 1 &&
        (hidden.empty() || EVP_DecryptUpdate(open_, out, &written, hidden.data(), length(hidden)) == 1) &&
        EVP_CIPHER_CTX_ctrl(open_, EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(open_, &none, &written) == 1)
        return true;
    cleanse(out, hidden.size());
    return false;
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
