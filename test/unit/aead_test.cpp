#include "cipher/gcm.hpp"

#include <cstring>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <set>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace gdpr::cipher;

namespace {

using Buffer = std::vector<std::uint8_t>;

const std::size_t lengths[] = {0,   1,   15,  16,  17,  31,  32,  47,  48,   49,   255,   479,
                               480, 481, 495, 496, 497, 511, 512, 513, 4095, 4096, 100001};

Buffer random_buffer(std::size_t size) {
    Buffer buffer(size);
    for (std::size_t at = 0; at < size; at += 1024)
        EXPECT_TRUE(random_bytes(buffer.data() + at, std::min<std::size_t>(1024, size - at)));
    return buffer;
}

/// AES-256-GCM as EVP makes it: ciphertext and tag.
Buffer by_evp(const Key &key, const Buffer &nonce, const Buffer &associated, const Buffer &plain) {
    Buffer out(plain.size() + tag_size);
    int written = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    EXPECT_EQ(1, EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nullptr, key.data(), nonce.data()));
    EXPECT_EQ(1, EVP_EncryptUpdate(context, nullptr, &written, associated.data(), static_cast<int>(associated.size())));
    if (!plain.empty()) {
        EXPECT_EQ(1, EVP_EncryptUpdate(context, out.data(), &written, plain.data(), static_cast<int>(plain.size())));
    }
    EXPECT_EQ(1, EVP_EncryptFinal_ex(context, out.data() + plain.size(), &written));
    EXPECT_EQ(1, EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_size, out.data() + plain.size()));
    EVP_CIPHER_CTX_free(context);
    return out;
}

class AeadTest : public testing::Test {
  protected:
    Key key = Key::random();
    Aead aead{key};
    Buffer nonce = random_buffer(nonce_size), associated = random_buffer(9);
};

/// Each library alone; which of them an Aead takes depends on the machine.
class GcmTest : public testing::TestWithParam<std::unique_ptr<Gcm> (*)(const Key &)> {
  protected:
    void SetUp() override {
        if (!gcm)
            GTEST_SKIP() << "this library is not for this machine";
    }

    Key key = Key::random();
    std::unique_ptr<Gcm> gcm = GetParam()(key);
};

INSTANTIATE_TEST_SUITE_P(Libraries, GcmTest, testing::Values(openssl_gcm, ipsec_gcm));

TEST_P(GcmTest, SealsAndOpensAsEvpDoes) {
    for (const std::size_t length : lengths)
        for (const std::size_t associated_length : {1, 9, 16, 33}) {
            const Buffer nonce = random_buffer(nonce_size), associated = random_buffer(associated_length),
                         plain = random_buffer(length);
            Buffer sealed(length + tag_size), opened(length + 1);
            ASSERT_TRUE(gcm->seal(nonce, associated, plain, sealed.data()));
            EXPECT_EQ(by_evp(key, nonce, associated, plain), sealed) << length << " bytes";
            ASSERT_TRUE(gcm->open(nonce, associated, sealed, opened.data()));
            opened.resize(length);
            EXPECT_EQ(plain, opened) << length << " bytes";
            sealed[sealed.size() - 1] ^= 1;
            EXPECT_FALSE(gcm->open(nonce, associated, sealed, opened.data()));
        }
}

TEST_F(AeadTest, SealsUnderNoncesOfItsOwn) {
    std::set<Buffer> nonces;
    for (const std::size_t length : lengths) {
        const Buffer plain = random_buffer(length);
        Buffer sealed(length + tag_size), fresh(nonce_size);
        ASSERT_TRUE(aead.seal_anew(fresh.data(), associated, plain, sealed.data()));
        EXPECT_EQ(by_evp(key, fresh, associated, plain), sealed) << length << " bytes";
        EXPECT_TRUE(nonces.insert(fresh).second) << "a nonce came twice";
    }
}

TEST_F(AeadTest, AttackAForkedChildDoesNotRepeatItsParentsNonces) {
    Buffer nonces(3 * nonce_size), sealed(tag_size);
    ASSERT_TRUE(aead.seal_anew(nonces.data(), associated, {}, sealed.data()));
    int ends[2];
    ASSERT_EQ(0, pipe(ends));
    const pid_t child = fork();
    if (child == 0) {
        const bool done = aead.seal_anew(nonces.data(), associated, {}, sealed.data()) &&
                          write(ends[1], nonces.data(), nonce_size) == static_cast<ssize_t>(nonce_size);
        _exit(done ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(child, waitpid(child, &status, 0));
    ASSERT_EQ(0, status);
    ASSERT_EQ(static_cast<ssize_t>(nonce_size), read(ends[0], nonces.data() + nonce_size, nonce_size));
    ASSERT_TRUE(aead.seal_anew(nonces.data() + 2 * nonce_size, associated, {}, sealed.data()));
    EXPECT_NE(0, std::memcmp(nonces.data() + nonce_size, nonces.data() + 2 * nonce_size, nonce_size));
}

TEST_F(AeadTest, OpensWhatEvpSealed) {
    for (const std::size_t length : lengths) {
        const Buffer plain = random_buffer(length), sealed = by_evp(key, nonce, associated, plain);
        Buffer opened(length + 1);
        ASSERT_TRUE(aead.open(nonce, associated, sealed, opened.data())) << length << " bytes";
        opened.resize(length);
        EXPECT_EQ(plain, opened);
        nonce = random_buffer(nonce_size);
    }
}

TEST_F(AeadTest, EveryFlippedBitIsDetected) {
    const Buffer plain = random_buffer(37);
    Buffer sealed(plain.size() + tag_size), opened(plain.size());
    ASSERT_TRUE(aead.seal(nonce, associated, plain, sealed.data()));
    for (Buffer *part : {&nonce, &associated, &sealed})
        for (std::size_t bit = 0; bit < part->size() * 8; bit++) {
            (*part)[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
            EXPECT_FALSE(aead.open(nonce, associated, sealed, opened.data()));
            EXPECT_EQ(Buffer(plain.size()), opened) << "nothing of a forged value is shown";
            (*part)[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        }
    EXPECT_TRUE(aead.open(nonce, associated, sealed, opened.data()));
    EXPECT_EQ(plain, opened);
}

TEST_F(AeadTest, AnEmptyValueNeedsNoRoom) {
    Buffer sealed(tag_size);
    ASSERT_TRUE(aead.seal(nonce, associated, {}, sealed.data()));
    EXPECT_TRUE(aead.open(nonce, associated, sealed, nullptr));
    sealed[0] ^= 1;
    EXPECT_FALSE(aead.open(nonce, associated, sealed, nullptr));
}

TEST_F(AeadTest, AnotherKeyDoesNotOpen) {
    const Buffer plain = random_buffer(20);
    Buffer sealed(plain.size() + tag_size), opened(plain.size());
    ASSERT_TRUE(aead.seal(nonce, associated, plain, sealed.data()));
    Aead other{Key::random()};
    EXPECT_FALSE(other.open(nonce, associated, sealed, opened.data()));
    EXPECT_FALSE(aead.open(nonce, associated, Bytes(sealed).first(tag_size - 1), opened.data()));
}

} // namespace
