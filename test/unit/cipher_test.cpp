#include "cipher/cipher.hpp"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <new>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <set>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace gdpr::cipher {
namespace {

using Buffer = std::vector<std::uint8_t>;

Buffer unhex(std::string_view text) {
    Buffer out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        out.push_back(static_cast<std::uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
    return out;
}

std::string hex(Bytes bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (const std::uint8_t byte : bytes) {
        out.push_back(digits[byte >> 4]);
        out.push_back(digits[byte & 15]);
    }
    return out;
}

/// A key from hexadecimal digits, filled up with zeros.
Key key_of(std::string_view text) {
    Key key;
    const Buffer bytes = unhex(text);
    std::copy(bytes.begin(), bytes.end(), key.data());
    return key;
}

// ---- AES-256-GCM: cases 13 to 16 of the GCM specification (NIST) -----------

struct GcmCase {
    const char *key, *nonce, *associated, *plain, *sealed; // ciphertext and tag
};

constexpr GcmCase gcm_cases[] = {
    {"", "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"", "000000000000000000000000", "", "00000000000000000000000000000000",
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
     "b16aedf5aa0de657ba637b391aafd255",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
     "c5f61e6393ba7a0abcc9f662898015adb094dac5d93471bdec1a502270e3cc6c"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
     "b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
     "c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"},
};

TEST(Aead, VectorsOfTheSpecification) {
    for (const GcmCase &each : gcm_cases) {
        Aead aead(key_of(each.key));
        const Buffer nonce = unhex(each.nonce), associated = unhex(each.associated), plain = unhex(each.plain);
        Buffer sealed(plain.size() + tag_size), opened(plain.size());
        // Twice: the context is used again for the next value.
        for (int i = 0; i < 2; i++) {
            ASSERT_TRUE(aead.seal(nonce, associated, plain, sealed.data()));
            EXPECT_EQ(hex(sealed), each.sealed);
            ASSERT_TRUE(aead.open(nonce, associated, sealed, opened.data()));
            EXPECT_EQ(opened, plain);
        }
    }
}

TEST(Aead, EveryAlteredByteIsNoticedAndNothingIsRevealed) {
    const GcmCase &last = gcm_cases[3];
    Aead aead(key_of(last.key));
    const Buffer plain = unhex(last.plain), zeros(plain.size());
    Buffer parts[] = {unhex(last.nonce), unhex(last.associated), unhex(last.sealed)};
    for (Buffer &part : parts)
        for (std::uint8_t &byte : part)
            for (const int bit : {1, 128}) {
                byte = static_cast<std::uint8_t>(byte ^ bit);
                Buffer out(plain.size(), 0xff);
                EXPECT_FALSE(aead.open(parts[0], parts[1], parts[2], out.data()));
                EXPECT_EQ(out, zeros);
                byte = static_cast<std::uint8_t>(byte ^ bit);
            }
    Buffer out(plain.size());
    EXPECT_TRUE(aead.open(parts[0], parts[1], parts[2], out.data())) << "and it still opens what is whole";
    EXPECT_EQ(out, plain);
}

TEST(Aead, ShortenedLengthenedOrUnderAnotherKey) {
    const GcmCase &last = gcm_cases[3];
    Aead aead(key_of(last.key)), other(Key::random());
    const Buffer nonce = unhex(last.nonce), associated = unhex(last.associated);
    Buffer sealed = unhex(last.sealed), out(sealed.size() + 1);
    for (std::size_t size = 0; size < sealed.size(); size++)
        EXPECT_FALSE(aead.open(nonce, associated, Bytes(sealed).first(size), out.data())) << size;
    EXPECT_FALSE(other.open(nonce, associated, sealed, out.data()));
    sealed.push_back(0);
    EXPECT_FALSE(aead.open(nonce, associated, sealed, out.data()));
}

TEST(Aead, OpensIntoTheBufferItReads) {
    Aead aead(Key::random());
    const Buffer nonce(nonce_size), plain(1000, 'p');
    Buffer buffer(plain);
    buffer.resize(plain.size() + tag_size);
    ASSERT_TRUE(aead.seal(nonce, {}, Bytes(buffer).first(plain.size()), buffer.data()));
    ASSERT_TRUE(aead.open(nonce, {}, buffer, buffer.data()));
    buffer.resize(plain.size());
    EXPECT_EQ(buffer, plain);
}

// ---- Key wrap: RFC 5649 ----------------------------------------------------
// The RFC's own vectors have keys of 192 bits. So they prove a plain reading of the RFC, and that proves ours.

Buffer reference_wrap(Bytes wrapping, Bytes secret) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(context, wrapping.size() == 24 ? EVP_aes_192_ecb() : EVP_aes_256_ecb(), nullptr, wrapping.data(),
                       nullptr);
    EVP_CIPHER_CTX_set_padding(context, 0);
    const auto block = [&](const Buffer &in) {
        Buffer out(16);
        int written = 0;
        EVP_EncryptUpdate(context, out.data(), &written, in.data(), 16);
        return out;
    };
    Buffer head = unhex("a65959a600000000"), padded(secret.begin(), secret.end());
    head[7] = static_cast<std::uint8_t>(secret.size());
    padded.resize((secret.size() + 7) / 8 * 8);
    const std::size_t blocks = padded.size() / 8;
    Buffer out = head;
    out.insert(out.end(), padded.begin(), padded.end());
    if (blocks == 1)
        out = block(out);
    else
        for (std::size_t round = 0; round < 6; round++)
            for (std::size_t i = 1; i <= blocks; i++) {
                Buffer in(out.begin(), out.begin() + 8);
                const auto at = out.begin() + static_cast<std::ptrdiff_t>(8 * i);
                in.insert(in.end(), at, at + 8);
                Buffer mixed = block(in);
                mixed[7] = static_cast<std::uint8_t>(mixed[7] ^ (round * blocks + i));
                std::copy(mixed.begin(), mixed.begin() + 8, out.begin());
                std::copy(mixed.begin() + 8, mixed.end(), at);
            }
    EVP_CIPHER_CTX_free(context);
    return out;
}

TEST(Wrap, TheReferenceGivesTheVectorsOfTheRfc) {
    const Buffer wrapping = unhex("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8");
    EXPECT_EQ(hex(reference_wrap(wrapping, unhex("c37b7e6492584340bed12207808941155068f738"))),
              "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a");
    EXPECT_EQ(hex(reference_wrap(wrapping, unhex("466f7250617369"))), "afbeb0f07dfbf5419200f2ccb50bb24f");
}

TEST(Wrap, GivesWhatTheReferenceGives) {
    for (int i = 0; i < 20; i++) {
        const Key wrapping = Key::random(), secret = Key::random();
        const auto wrapped = wrap(wrapping, secret);
        EXPECT_EQ(hex(wrapped), hex(reference_wrap(wrapping, secret)));
        Key back;
        ASSERT_TRUE(unwrap(wrapping, wrapped, back));
        EXPECT_EQ(back, secret);
    }
}

TEST(Wrap, AlteredShortenedOrUnderAnotherKey) {
    const Key wrapping = Key::random(), secret = Key::random(), untouched = key_of("01");
    auto wrapped = wrap(wrapping, secret);
    Key out = untouched;
    for (std::uint8_t &byte : wrapped) {
        byte ^= 4;
        EXPECT_FALSE(unwrap(wrapping, wrapped, out));
        byte ^= 4;
    }
    EXPECT_FALSE(unwrap(Key::random(), wrapped, out));
    for (std::size_t size = 0; size < wrapped.size(); size++)
        EXPECT_FALSE(unwrap(wrapping, Bytes(wrapped).first(size), out));
    EXPECT_EQ(out, untouched);
    EXPECT_TRUE(unwrap(wrapping, wrapped, out));
}

// ---- HKDF (RFC 5869), HMAC (RFC 4231), SHA-256, the keyed hash -------------

Buffer hmac(Bytes key, const Buffer &data) {
    Buffer out(digest_size);
    unsigned int size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), out.data(), &size);
    return out;
}

/// The first 32 bytes, without salt.
std::string reference_hkdf(Bytes secret, std::string_view info) {
    const Buffer no_salt(digest_size);
    Buffer expand(info.begin(), info.end());
    expand.push_back(1);
    return hex(hmac(hmac(no_salt, Buffer(secret.begin(), secret.end())), expand));
}

TEST(Derive, GivesWhatTheRfcGives) {
    EXPECT_EQ(reference_hkdf(Buffer(22, 0x0b), ""), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d")
        << "case 3 of RFC 5869";
    const Key root = Key::random();
    for (const char *info :
         {"", "a", "gdpr: a use with a long name, longer than one block of the hash, for good measure"})
        EXPECT_EQ(hex(derive(root, info)), reference_hkdf(root, info));
    EXPECT_NE(derive(root, "a"), derive(root, "b"));
    EXPECT_NE(derive(root, "a"), derive(Key::random(), "a"));
}

TEST(Hmac, VectorsOfTheRfc) {
    EXPECT_EQ(hex(hmac_sha256(key_of("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), bytes("Hi There"))),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hex(hmac_sha256(key_of("4a656665"), bytes("what do ya want for nothing?"))),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hex(hmac_sha256(key_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), Buffer(50, 0xdd))),
              "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
}

TEST(Sha256, VectorsOfTheStandard) {
    EXPECT_EQ(hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex(sha256(bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(KeyedHash, IsOneBlockOfAes) {
    // FIPS 197, appendix C.3.
    KeyedHash hash(key_of("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
    const Buffer in = unhex("00112233445566778899aabbccddeeff");
    std::uint64_t value, seed, out = 0;
    std::memcpy(&value, in.data(), 8);
    std::memcpy(&seed, in.data() + 8, 8);
    for (int i = 0; i < 2; i++) {
        ASSERT_TRUE(hash.mac(value, seed, out));
        EXPECT_EQ(hex({reinterpret_cast<std::uint8_t *>(&out), 8}), "8ea2b7ca516745bf");
    }
}

// ---- Random bytes and secrets ----------------------------------------------

using Nonce = std::array<std::uint8_t, nonce_size>;

Nonce draw() {
    Nonce nonce{};
    EXPECT_TRUE(random_bytes(nonce.data(), nonce.size()));
    return nonce;
}

TEST(RandomBytes, NeverTheSameTwice) {
    std::set<Nonce> seen;
    for (int i = 0; i < 50000; i++)
        ASSERT_TRUE(seen.insert(draw()).second);
}

TEST(RandomBytes, OfAnySize) {
    for (const std::size_t size : {1, 7, 4079, 4080, 4081, 100000}) {
        Buffer one(size), other(size);
        ASSERT_TRUE(random_bytes(one.data(), size));
        ASSERT_TRUE(random_bytes(other.data(), size));
        if (size > 7) {
            EXPECT_NE(one, other);
        }
    }
}

TEST(RandomBytes, NeverTheSameInAChild) {
    constexpr std::size_t count = 1000; // more than the pool holds
    std::set<Nonce> seen;
    for (int child = 0; child < 3; child++) {
        seen.insert(draw()); // the pool is filled and begun
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        const pid_t pid = fork();
        ASSERT_GE(pid, 0);
        if (pid == 0) {
            bool good = true;
            for (std::size_t i = 0; i < count; i++) {
                const Nonce nonce = draw();
                good = good && write(ends[1], nonce.data(), nonce.size()) == static_cast<ssize_t>(nonce.size());
            }
            _exit(good ? 0 : 1);
        }
        close(ends[1]);
        std::size_t received = 0;
        Nonce nonce;
        while (read(ends[0], nonce.data(), nonce.size()) == static_cast<ssize_t>(nonce.size())) {
            received++;
            ASSERT_TRUE(seen.insert(nonce).second) << "a nonce of the child's was given out before";
        }
        close(ends[0]);
        int status = 0;
        waitpid(pid, &status, 0);
        EXPECT_EQ(status, 0);
        EXPECT_EQ(received, count);
        for (std::size_t i = 0; i < count; i++)
            ASSERT_TRUE(seen.insert(draw()).second) << "a nonce of the parent's was given out before";
    }
}

TEST(Key, IsOverwrittenWhenItGoes) {
    alignas(Key) std::array<std::uint8_t, sizeof(Key)> place;
    auto *key = new (place.data()) Key(Key::random());
    EXPECT_NE(hex(place), std::string(2 * sizeof(Key), '0'));
    key->~Key();
    EXPECT_EQ(hex(place), std::string(2 * sizeof(Key), '0'));
}

TEST(Key, ComparesByValue) {
    const Key one = Key::random(), copy = one;
    EXPECT_EQ(one, copy);
    EXPECT_NE(one, Key::random());
}

// ---- AES-256-CMAC: examples of NIST SP 800-38B, and OpenSSL's own ----------

TEST(Mac, GivesTheStandardsExamples) {
    Mac mac(key_of("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"));
    const std::string message = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                                "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
    for (int round = 0; round < 2; round++)
        for (const auto &[size, expected] :
             {std::pair<std::size_t, const char *>{0, "028962f61b7bf89efc6b551f4667d983"},
              {16, "28a7023f452e8f82bd4bf28d8c37c35c"},
              {40, "aaf3d8f1de5640c232f5b169b9c911e6"},
              {64, "e1992190549f6ed5696a2c056c315410"}}) {
            Buffer out(tag_size);
            ASSERT_TRUE(mac.digest(unhex(message.substr(0, size * 2)), out.data()));
            EXPECT_EQ(hex(out), expected) << size;
        }
}

TEST(Mac, AgreesWithOpensslAtEveryLength) {
    const Key key = Key::random();
    Mac mac(key);
    EVP_MAC *algorithm = EVP_MAC_fetch(nullptr, "CMAC", nullptr);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(algorithm);
    char cipher[] = "AES-256-CBC";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("cipher", cipher, 0), OSSL_PARAM_construct_end()};
    for (std::size_t size = 0; size < 1100; size++) {
        Buffer message(size + 1), out(tag_size), expected(tag_size);
        ASSERT_TRUE(random_bytes(message.data(), message.size()));
        std::size_t written = 0;
        ASSERT_EQ(EVP_MAC_init(context, key.data(), key_size, parameters), 1);
        ASSERT_EQ(EVP_MAC_update(context, message.data(), size), 1);
        ASSERT_EQ(EVP_MAC_final(context, expected.data(), &written, expected.size()), 1);
        ASSERT_TRUE(mac.digest({message.data(), size}, out.data()));
        ASSERT_EQ(hex(out), hex(expected)) << size;
    }
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(algorithm);
}

} // namespace
} // namespace gdpr::cipher
