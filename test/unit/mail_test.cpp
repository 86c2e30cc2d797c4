#include "mail/mime.hpp"
#include "mail/pace.hpp"
#include "mail/template.hpp"

#include <gtest/gtest.h>

#include <map>

using namespace gdpr::mail;

namespace {

std::string render(const char *text, const std::map<std::string, std::string> &fields, Escape escape = Escape::none) {
    return Template(text).render(
        [&](const std::string &name) {
            const auto found = fields.find(name);
            return found == fields.end() ? std::nullopt : std::optional(found->second);
        },
        escape);
}

Mail sample() {
    return {{"Shop", "shop@example.it"},
            {"", "mario@example.it"},
            "Your data",
            "<1@example.it>",
            "Mon, 02 Mar 2026 10:00:00 +0000",
            "Hello\n",
            std::nullopt,
            {}};
}

/// The header lines of a mail, unfolded, up to the first empty line.
std::vector<std::string> headers(const std::string &mail) {
    std::vector<std::string> out;
    std::size_t at = 0;
    for (;;) {
        const std::size_t end = mail.find("\r\n", at);
        const std::string line = mail.substr(at, end - at);
        if (line.empty())
            return out;
        if (line.front() == ' ')
            out.back() += line;
        else
            out.push_back(line);
        at = end + 2;
    }
}

std::size_t longest_line(const std::string &text) {
    std::size_t longest = 0, at = 0;
    for (;;) {
        const std::size_t end = text.find("\r\n", at);
        longest = std::max(longest, std::min(end, text.size()) - at);
        if (end == std::string::npos)
            return longest;
        at = end + 2;
    }
}

} // namespace

TEST(Template, FieldsAndSections) {
    EXPECT_EQ(render("Dear {{name}}, {{ name }}!", {{"name", "Mario"}}), "Dear Mario, Mario!");
    EXPECT_EQ(render("a{{#link}} see {{link}}{{/link}} b", {{"link", "https://x"}}), "a see https://x b");
    EXPECT_EQ(render("a{{#link}} see {{link}}{{/link}} b", {{"link", ""}}), "a b");
    EXPECT_EQ(render("a{{#link}} see {{link}}{{/link}} b", {}), "a b");
    EXPECT_EQ(render("{{#a}}1{{#b}}2{{/b}}3{{/a}}", {{"a", "x"}}), "13");
    EXPECT_EQ(render("{ {x} }", {}), "{ {x} }");
    EXPECT_THROW(render("{{who}}", {}), TemplateError);
}

TEST(Template, RefusesWhatIsNotClosed) {
    for (const char *text :
         {"{{a", "{{}}", "{{#a}}", "{{/a}}", "{{#a}}{{#b}}{{/a}}{{/b}}", "{{a{b}}", "{{a\nb}}", "{{#}}"})
        EXPECT_THROW(Template{text}, TemplateError) << text;
}

// Attack: a person's name is a merge field, so as to see what is not theirs.
TEST(Template, ValuesAreNotExpanded) {
    EXPECT_EQ(render("{{name}}", {{"name", "{{secret}}"}, {"secret", "x"}}), "{{secret}}");
    EXPECT_EQ(render("{{a}}{{b}}", {{"a", "{{sec"}, {"b", "ret}}"}, {"secret", "x"}}), "{{secret}}");
    EXPECT_EQ(render("{{a}}", {{"a", "{{/x}}{{#y}}"}}), "{{/x}}{{#y}}");
}

// Attack: a person's name is a script.
TEST(Template, Html) {
    EXPECT_EQ(render("<p title=\"{{name}}\">{{name}}", {{"name", "\"><script>'&"}}, Escape::html),
              "<p title=\"&quot;&gt;&lt;script&gt;&#39;&amp;\">&quot;&gt;&lt;script&gt;&#39;&amp;");
}

TEST(Address, Bare) {
    for (const char *good : {"a@b", "mario.rossi+x@example.it", "o'neill@ex-ample.com", "dörte@müller.de"})
        EXPECT_TRUE(is_address(good)) << good;
    for (const char *bad : {"", "@b", "a@", "a b@c", "a@b c", "a@b,c@d", "<a@b>", "a@b>", "a@b\r\nRCPT TO:<c@d>",
                            "a@b\n", "a..b@c", ".a@c", "a@c.", "a@[1.2.3.4]", "\"a\"@b", "a;b@c", "a@-x@y\t"})
        EXPECT_FALSE(is_address(bad)) << bad;
    EXPECT_FALSE(is_address(std::string("a@b\0c", 5)));
    EXPECT_FALSE(is_address(std::string(65, 'a') + "@b"));
    EXPECT_FALSE(is_address("a@" + std::string(260, 'b')));
}

TEST(Address, WithName) {
    EXPECT_EQ(mailbox("Shop <a@b>")->name, "Shop");
    EXPECT_EQ(mailbox("\"Shop, Ltd.\" <a@b>")->name, "Shop, Ltd.");
    EXPECT_EQ(mailbox(" a@b ")->address, "a@b");
    EXPECT_FALSE(mailbox("Shop <a b>"));
    EXPECT_FALSE(mailbox("Shop"));
    EXPECT_EQ(domain_of("a@Example.IT"), "example.it");
}

TEST(Header, Folding) {
    const std::string long_value = "word " + std::string(40, 'x') + " " + std::string(40, 'y') + " end";
    EXPECT_EQ(header("Subject", long_value),
              "Subject: word " + std::string(40, 'x') + "\r\n " + std::string(40, 'y') + " end\r\n");
    EXPECT_EQ(header("Subject", "Grüße"), "Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n");
    EXPECT_LE(longest_line(header("Subject", std::string(500, 'z'))), 78u);
    std::string umlauts;
    for (int i = 0; i < 100; i++)
        umlauts += "ü";
    EXPECT_LE(longest_line(header("Subject", umlauts)), 78u);
    EXPECT_LE(longest_line(header("Subject", std::string(200, ' ') + "x")), 78u);
    // What looks like an encoded word is encoded, so that it arrives as it was.
    EXPECT_EQ(header("Subject", "=?x?="), "Subject: =?UTF-8?B?PT94Pz0=?=\r\n");
}

// Attack: a line break in whatever gets into a header adds a header, a recipient or a body.
TEST(Mime, NoHeaderInjection) {
    const std::string evil = "x\r\nBcc: victim@example.it\r\n\r\nbody\rX: y\nZ: w";
    Mail mail = sample();
    mail.subject = evil;
    mail.from.name = evil;
    mail.to.name = evil;
    mail.message_id = evil;
    mail.date = evil;
    mail.attachments.push_back({evil, "text/csv", "a"});
    const std::vector<std::string> lines = headers(mime(mail));
    ASSERT_EQ(lines.size(), 8u);
    const std::vector<std::string> names{
        "From:", "To:", "Subject:", "Date:", "Message-ID:", "Auto-Submitted:", "MIME-Version:", "Content-Type:"};
    for (std::size_t i = 0; i < names.size(); i++)
        EXPECT_EQ(lines[i].rfind(names[i], 0), 0u) << lines[i];
    EXPECT_EQ(mime(mail).find("\nBcc"), std::string::npos);
    EXPECT_EQ(mime(mail).find("\rX"), std::string::npos);
}

TEST(Mime, Names) {
    Mail mail = sample();
    mail.to.name = "Rossi, \"Mario\"";
    EXPECT_NE(mime(mail).find("To: \"Rossi, \\\"Mario\\\"\" <mario@example.it>\r\n"), std::string::npos);
    mail.to.name = "Dörte";
    EXPECT_NE(mime(mail).find("To: =?UTF-8?B?RMO2cnRl?= <mario@example.it>\r\n"), std::string::npos);
    EXPECT_NE(mime(mail).find("From: Shop <shop@example.it>\r\n"), std::string::npos);
}

TEST(Mime, FileNames) {
    Mail mail = sample();
    mail.attachments.push_back({"crm.contact.csv", "text/csv", "a"});
    EXPECT_NE(mime(mail).find("filename=\"crm.contact.csv\"\r\n"), std::string::npos);
    mail.attachments[0].name = "größe.csv";
    EXPECT_NE(mime(mail).find("filename*=UTF-8''gr%C3%B6%C3%9Fe.csv\r\n"), std::string::npos);
    mail.attachments[0].name = std::string(100, 'x') + ".csv";
    EXPECT_NE(mime(mail).find("filename*0*=UTF-8''xxx"), std::string::npos);
    EXPECT_NE(mime(mail).find("filename*2*="), std::string::npos);
}

TEST(Mime, QuotedPrintable) {
    EXPECT_EQ(quoted_printable("a=b\n"), "a=3Db\r\n");
    EXPECT_EQ(quoted_printable("ü \n.\n"), "=C3=BC=20\r\n.\r\n");
    EXPECT_EQ(quoted_printable("a\rb"), "a=0Db");
    const std::string text(1000, 'x');
    const std::string coded = quoted_printable(text);
    EXPECT_LE(longest_line(coded), 76u);
    std::string joined = coded;
    for (std::size_t at; (at = joined.find("=\r\n")) != std::string::npos;)
        joined.erase(at, 3);
    EXPECT_EQ(joined, text);
}

TEST(Mime, Base64) {
    EXPECT_EQ(base64_lines("f"), "Zg==\r\n");
    EXPECT_EQ(base64_lines("fo"), "Zm8=\r\n");
    EXPECT_EQ(base64_lines("foo"), "Zm9v\r\n");
    EXPECT_LE(longest_line(base64_lines(std::string(1000, '\xff'))), 76u);
}

TEST(Mime, Structure) {
    Mail mail = sample();
    mail.html = "<p>Hello";
    mail.attachments.push_back({"a.csv", "text/csv; charset=utf-8", "1,2\r\n"});
    const std::string text = mime(mail);
    EXPECT_NE(text.find("Content-Type: multipart/mixed"), std::string::npos);
    EXPECT_LT(text.find("multipart/mixed"), text.find("multipart/alternative"));
    EXPECT_LT(text.find("text/plain"), text.find("text/html"));
    EXPECT_LT(text.find("text/html"), text.find("text/csv"));
    EXPECT_NE(text.find("\r\n--=_gdpr_mixed--\r\n"), std::string::npos);
    EXPECT_LE(longest_line(text), 78u);
}

TEST(Pace, Rate) {
    Pace pace(2, 1000);
    EXPECT_EQ(pace.slot("a", 0), 0);
    EXPECT_EQ(pace.slot("a", 10), 30'000'000);
    EXPECT_EQ(pace.slot("a", 10), 60'000'000);
    EXPECT_EQ(pace.slot("b", 10), 10);
    // Whoever was given a place goes when it has come, and one that comes in between is last.
    EXPECT_EQ(pace.slot("a", 30'000'000), 30'000'000);
    EXPECT_EQ(pace.slot("a", 31'000'000), 90'000'000);
    EXPECT_EQ(pace.slot("a", 60'000'000), 60'000'000);
    EXPECT_EQ(pace.slot("a", 90'000'000), 90'000'000);
    EXPECT_EQ(pace.slot("a", 200'000'000), 200'000'000);
}

TEST(Pace, DomainThatDefers) {
    Pace pace(0, 1000);
    for (int i = 0; i < 4; i++)
        pace.deferred("a", 5);
    EXPECT_EQ(pace.slot("a", 5), 5);
    pace.answered("a");
    for (int i = 0; i < 5; i++)
        pace.deferred("a", 5);
    EXPECT_EQ(pace.slot("a", 5), 1005);
    EXPECT_EQ(pace.slot("a", 1006), 1006);
    EXPECT_EQ(pace.slot("b", 5), 5);
}
