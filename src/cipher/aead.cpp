#include "cipher/gcm.hpp"

#ifdef POSTGRES_H
#error "this file is pure C++"
#endif

namespace gdpr::cipher {

Aead::Aead(const Key &key) : gcm_(ipsec_gcm(key)) {
    if (!gcm_)
        gcm_ = openssl_gcm(key);
}

Aead::~Aead() = default;

bool Aead::seal(Bytes nonce, Bytes associated, Bytes plain, std::uint8_t *out) noexcept {
    return gcm_->seal(nonce, associated, plain, out);
}

bool Aead::seal_anew(std::uint8_t *nonce, Bytes associated, Bytes plain, std::uint8_t *out) noexcept {
    return random_bytes(nonce, nonce_size) && gcm_->seal({nonce, nonce_size}, associated, plain, out);
}

bool Aead::open(Bytes nonce, Bytes associated, Bytes sealed, std::uint8_t *out) noexcept {
    if (sealed.size() < tag_size)
        return false;
    const bool good = gcm_->open(nonce, associated, sealed, out);
    if (!good)
        cleanse(out, sealed.size() - tag_size);
    return good;
}

} // namespace gdpr::cipher
