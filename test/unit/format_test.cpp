#include "rights/format.hpp"

#include <gtest/gtest.h>

using namespace gdpr::rights;

namespace {

std::string file(const char *name, const Names &columns, const std::vector<Cells> &rows) {
    const Format &out = *format(name);
    std::string text = out.begin("s.t", columns);
    for (std::size_t i = 0; i < rows.size(); i++)
        text += out.row(columns, rows[i], i == 0);
    return text + out.end(rows.empty());
}

} // namespace

TEST(Csv, QuotesWhatNeedsIt) {
    EXPECT_EQ(file("csv", {"a", "b"}, {{"x", "y,z"}, {"\"", "l\r\nm"}, {" s", "t "}}),
              "a,b\r\nx,\"y,z\"\r\n\"\"\"\",\"l\r\nm\"\r\n\" s\",\"t \"\r\n");
}

TEST(Csv, TellsNothingFromAnEmptyString) {
    EXPECT_EQ(file("csv", {"a", "b"}, {{std::nullopt, ""}}), "a,b\r\n,\"\"\r\n");
}

TEST(Csv, KeepsFormulas) { EXPECT_EQ(file("csv", {"a"}, {{"=1+1"}}), "a\r\n=1+1\r\n"); }

TEST(Spreadsheet, GuardsWhatItWouldEvaluate) {
    const auto cell = [](const char *text) {
        const std::string all = file("csv-spreadsheet", {"a"}, {{text}});
        return all.substr(6, all.size() - 8); // without mark, header and ends of lines
    };
    for (const char *formula : {"=1+1", "+1+1", "-1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-", "+", "--1"})
        EXPECT_NE(cell(formula).find("'" + std::string(formula, 1)), std::string::npos) << formula;
    EXPECT_EQ(cell("\t=1"), "'\t=1");
    EXPECT_EQ(cell("\r=1"), "\"'\r=1\"");
    EXPECT_EQ(cell("\n=1"), "\"'\n=1\"");
    EXPECT_EQ(cell("\xEF\xBC\x9D"
                   "1"),
              "'\xEF\xBC\x9D"
              "1"); // the wide =
    for (const char *plain : {"-1", "+39123", "-1.5", "1", "a=b", "'x"})
        EXPECT_EQ(cell(plain), plain);
}

TEST(Spreadsheet, GuardsNamesOfColumns) { EXPECT_EQ(file("csv-spreadsheet", {"=a"}, {}), "\xEF\xBB\xBF'=a\r\n"); }

TEST(Json, IsOneArray) {
    EXPECT_EQ(file("json", {"a"}, {}), "[]\n");
    EXPECT_EQ(file("json", {"a", "\"b\n"}, {{"1", "\"x\""}, {std::nullopt, "{}"}}),
              "[\n{\"a\": 1, \"\\\"b\\u000A\": \"x\"},\n{\"a\": null, \"\\\"b\\u000A\": {}}\n]\n");
}

TEST(Xml, EscapesMarkup) {
    const std::string text = file("xml", {"a<\"\n"}, {{"<b>&]]>\r\n"}, {std::nullopt}, {""}});
    EXPECT_NE(text.find("<column name=\"a&lt;&quot;&#10;\">&lt;b&gt;&amp;]]&gt;&#13;\n</column>"), std::string::npos);
    EXPECT_NE(text.find(" null=\"true\"/>"), std::string::npos);
    EXPECT_NE(text.find("></column>"), std::string::npos);
}

TEST(Xml, WritesWhatItCannotHoldAsBase64) {
    for (const auto &[value, encoded] : {std::pair("\x01", "AQ=="), std::pair("a\x0B", "YQs="),
                                         std::pair("\xEF\xBF\xBE", "77++"), std::pair("ab\x1F", "YWIf")})
        EXPECT_NE(file("xml", {"a"}, {{value}}).find("encoding=\"base64\">" + std::string(encoded) + "<"),
                  std::string::npos)
            << encoded;
    EXPECT_EQ(file("xml", {"a"}, {{"\t\n \x7F \xC2\x85"}}).find("base64"), std::string::npos);
}

TEST(Formats, AreKnownByName) {
    EXPECT_EQ(format("pdf"), nullptr);
    EXPECT_EQ(format(""), nullptr);
    EXPECT_EQ(format_names(), "csv, csv-spreadsheet, json, xml");
}

TEST(FileName, HasNothingThatAFileSystemWouldMind) {
    EXPECT_EQ(file_name("a", "b"), "a.b");
    EXPECT_EQ(file_name("..", "/etc/passwd"), "%2E%2E.%2Fetc%2Fpasswd");
    EXPECT_EQ(file_name("a b", "c\\:*"), "a%20b.c%5C%3A%2A");
}
