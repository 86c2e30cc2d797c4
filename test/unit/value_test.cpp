#include "encrypted/format.hpp"
#include "encrypted/literal_text.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace gdpr::encrypted {
namespace {

using Buffer = std::vector<std::uint8_t>;
constexpr std::uint32_t text_type = 25, date_type = 1082;

class Value : public testing::Test {
  protected:
    Buffer sealed(const std::string &plain, std::uint32_t type = text_type) {
        Buffer value(overhead + plain.size());
        value[0] = current_version;
        const std::uint32_t id = key_id++;
        std::memcpy(value.data() + 1, &id, sizeof id);
        EXPECT_TRUE(cipher::random_bytes(value.data() + nonce_at, cipher::nonce_size));
        EXPECT_TRUE(aead.seal({value.data() + nonce_at, cipher::nonce_size}, associated(value[0], id, type),
                              cipher::bytes(plain), value.data() + header_size));
        return value;
    }
    /// "" for what is refused; "=" and the plaintext for what is opened.
    std::string opened(const Buffer &value, std::uint32_t type = text_type) {
        Parsed parsed{};
        if (parse(value, parsed) != nullptr)
            return "";
        std::string plain(parsed.plain_size, '\0');
        if (!open_bytes(aead, parsed, type, reinterpret_cast<std::uint8_t *>(plain.data())))
            return "";
        return "=" + plain;
    }

    cipher::Key key = cipher::Key::random();
    cipher::Aead aead{key};
    std::uint32_t key_id = 0x01020304;
    const std::string plaintexts[5] = {"", "a", "mario.rossi@example.it", std::string(64, 'x'), std::string(257, '\0')};
};

TEST_F(Value, Opens) {
    for (const std::string &plain : plaintexts)
        EXPECT_EQ("=" + plain, opened(sealed(plain)));
}

TEST_F(Value, TellsWhichWasCompressed) {
    Buffer value = sealed("some");
    Parsed parsed{};
    EXPECT_EQ(nullptr, parse(value, parsed));
    EXPECT_FALSE(parsed.compressed);
    value[0] = compressed_version; // which the tag shows
    EXPECT_EQ(nullptr, parse(value, parsed));
    EXPECT_TRUE(parsed.compressed);
    EXPECT_EQ("", opened(value));
    value[0] = 3;
    EXPECT_NE(nullptr, parse(value, parsed));
}

TEST_F(Value, EveryFlippedBitIsDetected) {
    for (const std::string &plain : plaintexts) {
        Buffer value = sealed(plain);
        for (std::size_t bit = 0; bit < value.size() * 8; bit++) {
            value[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
            EXPECT_EQ("", opened(value)) << "bit " << bit;
            value[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        }
    }
}

TEST_F(Value, TruncatedExtendedAndRotatedOnesAreDetected) {
    for (const std::string &plain : plaintexts) {
        const Buffer value = sealed(plain);
        for (std::size_t size = 0; size < value.size(); size++) {
            EXPECT_EQ("", opened(Buffer(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(size))));
            EXPECT_EQ("", opened(Buffer(value.end() - static_cast<std::ptrdiff_t>(size), value.end())));
        }
        Buffer longer = value;
        for (int more = 0; more < 40; more++) {
            longer.push_back(0);
            EXPECT_EQ("", opened(longer));
        }
    }
}

TEST_F(Value, PartsOfTwoDoNotMakeOne) {
    const Buffer one = sealed("anna"), other = sealed("bert");
    const std::size_t ends[] = {1, nonce_at, header_size, header_size + 4};
    for (const std::size_t from : {std::size_t{0}, std::size_t{1}, nonce_at, header_size})
        for (const std::size_t to : ends) {
            if (from >= to || (from == 0 && to == 1))
                continue; // the version is the same in both
            Buffer mixed = one;
            std::copy(other.begin() + static_cast<std::ptrdiff_t>(from),
                      other.begin() + static_cast<std::ptrdiff_t>(to),
                      mixed.begin() + static_cast<std::ptrdiff_t>(from));
            EXPECT_EQ("", opened(mixed)) << from << " to " << to;
        }
}

TEST_F(Value, AnotherTypeDoesNotOpenIt) {
    EXPECT_EQ("", opened(sealed("anna"), date_type));
    EXPECT_EQ("", opened(sealed("anna", date_type)));
}

std::string literal_of(const Buffer &value) {
    std::string text(literal_length(value.size()), '\0');
    encode_literal(value, {text.data(), text.size() + 1});
    return text;
}

std::optional<Buffer> value_of(const std::string &literal) {
    Buffer out(literal_room(literal));
    const auto size = decode_literal(literal, out);
    if (!size)
        return std::nullopt;
    EXPECT_LE(*size, out.size());
    out.resize(*size);
    return out;
}

TEST_F(Value, ComesBackFromItsLiteral) {
    for (std::size_t size = 1; size < 100; size++) {
        Buffer value(size);
        ASSERT_TRUE(cipher::random_bytes(value.data(), size));
        EXPECT_EQ(value, value_of(literal_of(value)));
    }
}

TEST_F(Value, WhatIsNoLiteral) {
    const std::string good = literal_of(sealed("anna"));
    ASSERT_TRUE(value_of(good));
    const std::string prefix(literal_prefix);
    for (const std::string &bad :
         {std::string(), prefix, prefix.substr(0, 5), prefix + "====", prefix + "A===", prefix + "AA=A",
          prefix + "=AAA", prefix + "AAA", prefix + "AAAAA", prefix + "AA AA", prefix + " AAAA", prefix + "AAAA\n",
          prefix + "AA-_", prefix + std::string("AA\0A", 4), " " + good, good + "A", good + "====", good.substr(1)})
        EXPECT_FALSE(value_of(bad)) << bad;
}

} // namespace
} // namespace gdpr::encrypted
