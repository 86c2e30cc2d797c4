#include "cipher/cipher.hpp"

#include <openssl/evp.h>

#ifdef POSTGRES_H
#error "this file is pure C++"
#endif

namespace gdpr::cipher {

KeyedHash::KeyedHash(const Key &key) : context_(EVP_CIPHER_CTX_new()) {
    if (context_ == nullptr || EVP_EncryptInit_ex(context_, EVP_aes_256_ecb(), nullptr, key.data(), nullptr) != 1 ||
        EVP_CIPHER_CTX_set_padding(context_, 0) != 1) {
        EVP_CIPHER_CTX_free(context_);
        throw Failure();
    }
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
