#include "gate/shape.hpp"

#include <gtest/gtest.h>

namespace gdpr::gate {
namespace {

TEST(Shape, KnowsContent) {
    EXPECT_EQ(content_of("mario.rossi@example.it"), Content::email);
    EXPECT_EQ(content_of("@example.it"), Content::other);
    EXPECT_EQ(content_of("mario rossi@example.it"), Content::other);
    EXPECT_EQ(content_of("IT60X0542811101000000123456"), Content::iban);
    EXPECT_EQ(content_of("IT60 X054 2811 1010 0000 0123 456"), Content::iban);
    EXPECT_EQ(content_of("+39 055 1234567"), Content::phone);
    EXPECT_EQ(content_of("(055) 123-456"), Content::phone);
    EXPECT_EQ(content_of("12345"), Content::other);
    EXPECT_EQ(content_of("Mario Rossi"), Content::name);
    EXPECT_EQ(content_of("Jean-Luc de la O'Brien"), Content::name);
    EXPECT_EQ(content_of("J. R. R. Tolkien"), Content::name);
    EXPECT_EQ(content_of("Ægir Þór"), Content::name);
    EXPECT_EQ(content_of("Mario"), Content::other);
    EXPECT_EQ(content_of("HIV positive"), Content::other);
    EXPECT_EQ(content_of("Has been treated for HIV"), Content::other);
    EXPECT_EQ(content_of("Mario  Rossi"), Content::other);
    EXPECT_EQ(content_of("Mario Rossi "), Content::other);
    EXPECT_EQ(content_of(" "), Content::other);
    EXPECT_EQ(content_of("Room 101"), Content::other);
    EXPECT_EQ(content_of(""), Content::other);
}

TEST(Shape, Masks) {
    EXPECT_EQ(masked("mario.rossi@example.it"), "m****.*****@*******.it");
    EXPECT_EQ(masked("ab@x.it"), "**@*.it");
    EXPECT_EQ(masked("IT60X0542811101000000123456"), "IT*********************3456");
    EXPECT_EQ(masked("+39 055 1234567"), "+39 *** *****67");
    EXPECT_EQ(masked("123456"), "******");
    EXPECT_EQ(masked("Mario Rossi"), "M**** R****");
    EXPECT_EQ(masked("Li Wu"), "** **");
    EXPECT_EQ(masked("penicillin"), "**********");
    EXPECT_EQ(masked("Zoë"), "***");
    EXPECT_EQ(masked("Jean-Luc de la Court"), "J***-*** ** ** C****");
    EXPECT_EQ(masked("Diabetes"), "********");
    EXPECT_EQ(masked("HIV positive"), "*** ********");
    EXPECT_EQ(masked("RSSMRA80A01H501U"), "****************");
    EXPECT_EQ(masked("a1-b2", 'x', '0'), "x0-x0");
    EXPECT_EQ(masked(""), "");
    EXPECT_EQ(masked("Mario Rossi  "), "M**** R****  ");
    EXPECT_EQ(masked("  "), "  ");
    EXPECT_EQ(masked("\xff\xfe"), "**");
}

// Attack: a secret without letters and digits, or one whose marks are most of it.
TEST(Shape, CoversMarks) {
    EXPECT_EQ(masked("!#$%&*"), "******");
    EXPECT_EQ(masked("-.-. .-"), "**** **");
    EXPECT_EQ(masked("a!b\"c"), "*****");
    EXPECT_EQ(masked("a!b\"c", 'x', '0'), "xxxxx");
}

TEST(Shape, Magnitudes) {
    EXPECT_EQ(magnitude("1234.56"), "1000.00");
    EXPECT_EQ(magnitude("-57"), "-10");
    EXPECT_EQ(magnitude("0.034"), "0.010");
    EXPECT_EQ(magnitude("0.00"), "0.00");
    EXPECT_EQ(magnitude("NaN"), "");
    EXPECT_EQ(magnitude(""), "");
}

} // namespace
} // namespace gdpr::gate
