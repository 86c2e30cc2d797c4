#include "cipher/cipher.hpp"

#include <algorithm>
#include <openssl/evp.h>

#ifdef POSTGRES_H
#error "this file is pure C++"
#endif

namespace gdpr::cipher {

namespace {

using Block = std::array<std::uint8_t, 16>;

/// Times x in the field of 128 bits.
Block doubled(const Block &block) noexcept {
    Block out{};
    for (std::size_t i = 0; i < out.size(); i++)
        out[i] = static_cast<std::uint8_t>(block[i] << 1 | (i + 1 < block.size() ? block[i + 1] >> 7 : 0));
    if ((block[0] & 0x80) != 0)
        out[15] ^= 0x87;
    return out;
}

void add(std::uint8_t *to, const Block &block) noexcept {
    for (std::size_t i = 0; i < block.size(); i++)
        to[i] ^= block[i];
}

} // namespace

Mac::Mac(const Key &key) : context_(EVP_CIPHER_CTX_new()) {
    const Block zero{};
    int written = 0;
    if (context_ == nullptr || EVP_EncryptInit_ex(context_, EVP_aes_256_cbc(), nullptr, key.data(), zero.data()) != 1 ||
        EVP_CIPHER_CTX_set_padding(context_, 0) != 1 ||
        EVP_EncryptUpdate(context_, last_.data(), &written, zero.data(), static_cast<int>(zero.size())) != 1 ||
        written != static_cast<int>(zero.size())) {
        EVP_CIPHER_CTX_free(context_);
        throw Failure();
    }
    whole_ = doubled(last_);
    filled_ = doubled(whole_);
}

Mac::~Mac() {
    EVP_CIPHER_CTX_free(context_);
    cleanse(whole_.data(), whole_.size());
    cleanse(filled_.data(), filled_.size());
}

/// Beginning the mode anew costs OpenSSL more than a short value does. So it runs on, and what it would add of the
/// value before is taken off the first block.
bool Mac::digest(Bytes data, std::uint8_t *out) noexcept {
    constexpr std::size_t most = 16;
    std::array<std::uint8_t, most * 16> buffer;
    Block first = last_;
    do {
        const std::size_t size = std::min(data.size(), buffer.size());
        const std::size_t blocks = std::max<std::size_t>((size + 15) / 16, 1);
        std::copy_n(data.data(), size, buffer.data());
        data = data.subspan(size);
        if (data.empty()) {
            std::uint8_t *end = buffer.data() + (blocks - 1) * 16;
            if (size == blocks * 16)
                add(end, whole_);
            else {
                buffer[size] = 0x80;
                std::fill(buffer.data() + size + 1, end + 16, std::uint8_t{0});
                add(end, filled_);
            }
        }
        add(buffer.data(), first);
        first = {};
        int written = 0;
        if (EVP_EncryptUpdate(context_, buffer.data(), &written, buffer.data(), static_cast<int>(blocks * 16)) != 1 ||
            written != static_cast<int>(blocks * 16))
            return false;
        std::copy_n(buffer.data() + (blocks - 1) * 16, last_.size(), last_.data());
    } while (!data.empty());
    std::copy(last_.begin(), last_.end(), out);
    return true;
}

} // namespace gdpr::cipher
