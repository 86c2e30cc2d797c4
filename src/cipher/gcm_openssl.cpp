#include "cipher/gcm.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#ifdef POSTGRES_H
#error "this file is pure C++"
#endif

namespace gdpr::cipher {

namespace {

class OpensslGcm : public Gcm {
  public:
    explicit OpensslGcm(const Key &key)
        : seals_(EVP_CIPHER_CTX_new()), opens_(EVP_CIPHER_CTX_new()),
          ready_(seals_ != nullptr && opens_ != nullptr &&
                 EVP_EncryptInit_ex2(seals_, EVP_aes_256_gcm(), key.data(), nullptr, nullptr) == 1 &&
                 EVP_DecryptInit_ex2(opens_, EVP_aes_256_gcm(), key.data(), nullptr, nullptr) == 1) {}

    ~OpensslGcm() override {
        // Both cleanse what they hold.
        EVP_CIPHER_CTX_free(seals_);
        EVP_CIPHER_CTX_free(opens_);
    }

    bool ready() const noexcept { return ready_; }

    bool seal(Bytes nonce, Bytes associated, Bytes plain, std::uint8_t *out) noexcept override {
        OSSL_PARAM tag[] = {OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, out + plain.size(), tag_size),
                            OSSL_PARAM_construct_end()};
        int written = 0;
        return EVP_EncryptInit_ex2(seals_, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
               EVP_EncryptUpdate(seals_, nullptr, &written, associated.data(), length(associated)) == 1 &&
               (plain.empty() || EVP_EncryptUpdate(seals_, out, &written, plain.data(), length(plain)) == 1) &&
               EVP_EncryptFinal_ex(seals_, out, &written) == 1 && EVP_CIPHER_CTX_get_params(seals_, tag) == 1;
    }

    bool open(Bytes nonce, Bytes associated, Bytes sealed, std::uint8_t *out) noexcept override {
        const Bytes hidden = sealed.first(sealed.size() - tag_size);
        const OSSL_PARAM tag[] = {
            OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG,
                                              const_cast<std::uint8_t *>(sealed.data()) + hidden.size(), tag_size),
            OSSL_PARAM_construct_end()};
        int written = 0;
        return EVP_DecryptInit_ex2(opens_, nullptr, nullptr, nonce.data(), tag) == 1 &&
               EVP_DecryptUpdate(opens_, nullptr, &written, associated.data(), length(associated)) == 1 &&
               (hidden.empty() || EVP_DecryptUpdate(opens_, out, &written, hidden.data(), length(hidden)) == 1) &&
               EVP_DecryptFinal_ex(opens_, out, &written) == 1;
    }

  private:
    /// Values are at most 1 GB.
    static int length(Bytes bytes) noexcept { return static_cast<int>(bytes.size()); }

    EVP_CIPHER_CTX *seals_, *opens_;
    bool ready_;
};

} // namespace

std::unique_ptr<Gcm> openssl_gcm(const Key &key) {
    auto gcm = std::make_unique<OpensslGcm>(key);
    if (!gcm->ready())
        throw Failure();
    return gcm;
}

} // namespace gdpr::cipher
