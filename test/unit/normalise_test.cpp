#include "rights/normalise.hpp"

#include <gtest/gtest.h>

using gdpr::rights::Identifier;
using gdpr::rights::normalise;
using Kind = Identifier::Kind;

namespace {

void expect(const char *text, Kind kind, const char *value) {
    const Identifier found = normalise(text);
    EXPECT_EQ(found.kind, kind) << text;
    EXPECT_EQ(found.value, value) << text;
}

} // namespace

TEST(Normalise, AddressesKeepTheirLocalPartAndLowerTheirDomain) {
    expect("Mario.Rossi@Example.IT", Kind::email, "Mario.Rossi@example.it");
    expect("  mario@example.it\n", Kind::email, "mario@example.it");
    expect("\xC2\xA0mario@example.it\xE2\x80\x8B", Kind::email, "mario@example.it");
    expect("mario@example.it.", Kind::email, "mario@example.it");
    expect("\"a@b\"@Example.it", Kind::email, "\"a@b\"@example.it");
}

TEST(Normalise, AddressesLoseTheirSurroundings) {
    expect("Mario Rossi <mario@Example.it>", Kind::email, "mario@example.it");
    expect("< mario@example.it >", Kind::email, "mario@example.it");
    expect("MailTo:mario@example.it", Kind::email, "mario@example.it");
}

TEST(Normalise, WhatOnlyLooksLikeAnAddressIsText) {
    expect("@example.it", Kind::text, "@example.it");
    expect("mario@", Kind::text, "mario@");
    expect("meet me @ noon", Kind::text, "meet me @ noon");
    expect("a@b, c@d", Kind::text, "a@b, c@d");
}

TEST(Normalise, NumbersKeepPlusAndDigits) {
    expect("+39 (06) 1234-567", Kind::phone, "+39061234567");
    expect("0039 06.1234/567", Kind::phone, "+39061234567");
    expect("tel:+39-06-1234567", Kind::phone, "+39061234567");
    expect("06 1234567", Kind::phone, "061234567");
}

TEST(Normalise, NationalNumbersGetTheirCountry) {
    const auto phone = [](const char *text, const char *country) { return normalise(text, country).value; };
    EXPECT_EQ(phone("030 1234567", "49"), "+49301234567");
    EXPECT_EQ(phone("06 1234567", "39"), "+39061234567") << "Italy keeps the zero";
    EXPECT_EQ(phone("(06 1) 234 5678", "36"), "+3612345678");
    EXPECT_EQ(phone("8 912 345-67-89", "7"), "+79123456789");
    EXPECT_EQ(phone("1 (212) 555-0123", "1"), "+12125550123");
    EXPECT_EQ(phone("(212) 555-0123", "1"), "+12125550123");
    EXPECT_EQ(phone("+39 06 1234567", "49"), "+39061234567") << "has one";
    EXPECT_EQ(phone("0039 06 1234567", "49"), "+39061234567");
    EXPECT_EQ(phone("112", "49"), "112");
    EXPECT_EQ(phone("123456789012345", "49"), "123456789012345") << "longer than any number";
    EXPECT_EQ(normalise("123456789012345", "49").kind, Kind::text);
}

TEST(Normalise, ZeroInParenthesesIsNotDialledFromAbroad) {
    expect("+44 (0)20 7946 0018", Kind::phone, "+442079460018");
    expect("0044 (0)20 7946 0018", Kind::phone, "+442079460018");
    expect("+39 (0)6 1234567", Kind::phone, "+39061234567");
    expect("(0)20 7946 0018", Kind::phone, "02079460018");
}

TEST(Normalise, WhatOnlyLooksLikeANumberIsText) {
    expect("112", Kind::text, "112");
    expect("+39 06 1234567 ext. 9", Kind::text, "+39 06 1234567 ext. 9");
    expect("1+2345678", Kind::text, "1+2345678");
    expect("12345678901234567890", Kind::text, "12345678901234567890");
}

TEST(Normalise, AllElseIsTrimmed) {
    expect(" RSSMRA80A01H501U ", Kind::text, "RSSMRA80A01H501U");
    expect("Rossi", Kind::text, "Rossi");
    expect("", Kind::text, "");
    expect(" \t\xEF\xBB\xBF", Kind::text, "");
}

TEST(Normalise, TwiceIsOnce) {
    for (const char *text : {"Mario <M@Example.IT>", "0039 06 1234567", " x ", "..@..", "+", "<>", "<", "mailto:"}) {
        const Identifier once = normalise(text);
        EXPECT_EQ(normalise(once.value), once) << text;
    }
}
