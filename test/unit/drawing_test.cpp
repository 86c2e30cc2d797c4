#include "report/drawing.hpp"

#include <gtest/gtest.h>

using namespace gdpr::report;

namespace {

/// Left edge of the box of that name.
int left(const std::string &svg, const std::string &name) {
    const std::string before = "<rect x=\"";
    const std::size_t text = svg.find(">" + name + "</text>");
    EXPECT_NE(text, std::string::npos) << name;
    return text == std::string::npos ? -1 : std::stoi(svg.substr(svg.rfind(before, text) + before.size()));
}

TEST(Drawing, WhatHangsOnPeopleIsRightOfThem) {
    const std::string svg = drawing({{"line", Box::Look::owned, {}},
                                     {"person", Box::Look::subject, {"personal: email"}},
                                     {"orders", Box::Look::owned, {}},
                                     {"address", Box::Look::owned, {}}},
                                    {{"orders", "person", "person_id", false, false},
                                     {"line", "orders", "order_id", false, false},
                                     {"orders", "address", "address_id", false, true}},
                                    "map");
    EXPECT_LT(left(svg, "person"), left(svg, "orders"));
    EXPECT_LT(left(svg, "orders"), left(svg, "line"));
    EXPECT_EQ(left(svg, "line"), left(svg, "address")); // both hang on orders
    EXPECT_NE(svg.find("personal: email"), std::string::npos);
}

TEST(Drawing, CyclesAndKeysToThemselvesEnd) {
    const std::string svg =
        drawing({{"person", Box::Look::subject, {}}, {"a", Box::Look::owned, {}}, {"b", Box::Look::owned, {}}},
                {{"person", "person", "boss", false, false},
                 {"a", "person", "p", false, false},
                 {"a", "b", "b", false, false},
                 {"b", "a", "a", false, false}},
                "map");
    EXPECT_LT(left(svg, "a"), left(svg, "b"));
}

TEST(Drawing, NamesStayText) {
    const std::string svg = drawing({{"<script>&\"x", Box::Look::undecided, {"</svg>"}}},
                                    {{"<script>&\"x", "gone", "k", true, false}}, "\"><b>");
    EXPECT_EQ(svg.find("<script>"), std::string::npos);
    EXPECT_EQ(svg.find("<b>"), std::string::npos);
    EXPECT_EQ(svg.find("</svg>"), svg.size() - 6);
    EXPECT_EQ(svg.find("gone"), std::string::npos); // an unknown box
}

TEST(Drawing, NothingIsAnEmptyPicture) { EXPECT_NE(drawing({}, {}, "map").find("</svg>"), std::string::npos); }

} // namespace
