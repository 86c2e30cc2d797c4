#include "label/grammar.hpp"

#include <gtest/gtest.h>

namespace gdpr::label {
namespace {

using Class = ColumnLabel::Class;
using Encryption = ColumnLabel::Encryption;
using Kind = EdgeLabel::Kind;

template <typename Parse> GrammarError error_of(Parse parse, std::string_view text) {
    try {
        parse(text);
    } catch (const GrammarError &error) {
        return error;
    }
    ADD_FAILURE() << "accepted: " << text;
    return GrammarError("", 0, "", "");
}

GrammarError column_error(std::string_view text) { return error_of(parse_column, text); }
GrammarError table_error(std::string_view text) { return error_of(parse_table, text); }

bool says(const std::string &text, std::string_view part) { return text.find(part) != std::string::npos; }

EdgeLabel edge(std::string_view text) { return parse_table(text).edges.at(0); }

TEST(Column, Classes) {
    EXPECT_EQ(parse_column("personal").data_class, Class::personal);
    EXPECT_EQ(parse_column("sensitive").data_class, Class::sensitive);
    EXPECT_EQ(parse_column("personal"), parse_column("  PERSONAL\n"));
}

TEST(Column, EveryWord) {
    const ColumnLabel label =
        parse_column("personal,identifier , encrypted(subject), erase(pseudonym), purpose(a, \"B c\"), derived");
    EXPECT_TRUE(label.identifier && label.derived);
    EXPECT_EQ(label.encryption, Encryption::subject);
    EXPECT_EQ(label.erase, ColumnLabel::Erase::pseudonym);
    EXPECT_EQ(label.purposes, (std::vector<std::string>{"a", "B c"}));
}

TEST(Column, Encryption) {
    EXPECT_EQ(parse_column("personal").encryption, Encryption::none);
    EXPECT_EQ(parse_column("personal, encrypted").encryption, Encryption::database);
    EXPECT_EQ(parse_column("encrypted ( subject ), sensitive").encryption, Encryption::subject);
}

TEST(Column, Erase) {
    EXPECT_EQ(parse_column("personal").erase, ColumnLabel::Erase::unset);
    EXPECT_EQ(parse_column("personal, erase(null)").erase, ColumnLabel::Erase::null);
    EXPECT_EQ(parse_column("personal, erase(keep)").erase, ColumnLabel::Erase::keep);
}

TEST(Column, RoundTrip) {
    for (std::string_view text :
         {"personal", "sensitive, encrypted", "personal, identifier, encrypted(subject), erase(null)",
          "sensitive, erase(keep), purpose(a, \"b \"\"c\"), derived", "personal, identifier, same_person",
          "personal, identifier, same_person(\"Tax no\"), encrypted"})
        EXPECT_EQ(to_string(parse_column(text)), text);
    EXPECT_EQ(to_string(parse_column(" derived,Encrypted ,  personal ")), "personal, encrypted, derived");
}

TEST(Column, WordsNeedAClass) {
    for (std::string_view text : {"encrypted", "identifier", "derived", "erase(null)", "purpose(a)"}) {
        const GrammarError error = column_error(text);
        EXPECT_EQ(error.position, 1u);
        EXPECT_EQ(error.hint, "Add personal or sensitive.");
    }
    EXPECT_EQ(column_error("  encrypted, derived").position, 3u);
    EXPECT_EQ(column_error("encrypted").message, "\"encrypted\" needs a class of data");
}

TEST(Column, ClassesExcludeEachOther) {
    EXPECT_EQ(column_error("personal, sensitive").position, 11u);
    EXPECT_EQ(column_error("sensitive, personal").message, "\"personal\" and \"sensitive\" exclude each other");
}

TEST(Column, DuplicateWord) {
    EXPECT_EQ(column_error("personal, personal").message, "\"personal\" is given twice");
    EXPECT_EQ(column_error("personal, encrypted, encrypted(subject)").position, 22u);
    EXPECT_EQ(column_error("personal, purpose(a), purpose(b)").position, 23u);
    EXPECT_EQ(column_error("personal, purpose(a, A)").position, 22u);
}

TEST(Column, WhatIsKeptCannotIdentify) {
    EXPECT_EQ(column_error("personal, identifier, erase(keep)").position, 23u);
    EXPECT_EQ(column_error("personal, erase(keep), identifier").position, 24u);
    EXPECT_EQ(column_error("personal, erase(keep), encrypted(subject)").position, 24u);
    EXPECT_NO_THROW(parse_column("personal, encrypted, erase(keep)"));
}

TEST(Column, SamePerson) {
    EXPECT_FALSE(parse_column("personal, identifier").same_person);
    EXPECT_EQ(parse_column("personal, identifier, same_person").same_person, "");
    EXPECT_EQ(parse_column("same_person (Phone), personal, identifier").same_person, "phone");
    const GrammarError error = column_error("personal, same_person, encrypted");
    EXPECT_EQ(error.message, "\"same_person\" needs \"identifier\"");
    EXPECT_EQ(error.position, 11u);
    EXPECT_EQ(column_error("identifier, same_person").position, 1u); // the class first
    EXPECT_EQ(column_error("personal, identifier, same_person()").position, 35u);
    EXPECT_EQ(column_error("personal, identifier, same_person(a, b)").position, 36u);
    EXPECT_EQ(column_error("personal, same_person, same_person, identifier").position, 24u);
    EXPECT_EQ(column_error("personal, identifier, same_person(").message, "parenthesis is not closed");
}

TEST(Column, TableWordIsMisplaced) {
    for (std::string_view word : {"subject", "owned(a)", "accessed(a)", "owns(a)", "keep(a)", "audit(off)"})
        EXPECT_EQ(column_error(word).hint, "Use SECURITY LABEL FOR gdpr ON TABLE.");
    EXPECT_EQ(column_error("personal, owned(a)").message, "\"owned\" belongs on a table");
    EXPECT_EQ(column_error("personal, owned(a)").position, 11u);
}

TEST(Column, UnknownWordSuggests) {
    const GrammarError error = column_error("personal, encripted");
    EXPECT_EQ(error.message, "unknown word \"encripted\" in column label");
    EXPECT_EQ(error.position, 11u);
    EXPECT_EQ(error.detail, "At character 11 of the label.");
    EXPECT_EQ(error.hint, "Did you mean \"encrypted\"? Expected one of personal, sensitive, identifier, same_person, "
                          "encrypted, derived, erase, purpose.");
    EXPECT_TRUE(says(column_error("perosnal").hint, "Did you mean \"personal\"?")); // neighbours swapped
    EXPECT_FALSE(says(column_error("secret").hint, "Did you mean"));
    EXPECT_STREQ(error.what(), error.message.c_str());
}

TEST(Column, UnknownArgument) {
    const GrammarError error = column_error("personal, erase(nul)");
    EXPECT_EQ(error.message, "unknown argument \"nul\" of \"erase\"");
    EXPECT_EQ(error.position, 17u);
    EXPECT_EQ(error.hint, "Did you mean \"null\"? Expected one of null, pseudonym, keep.");
    EXPECT_EQ(column_error("personal, encrypted(database)").hint, "Expected subject.");
    EXPECT_EQ(column_error("personal, erase(delete)").position, 17u); // a table's word
}

TEST(Column, ArgumentsWhereTheyBelong) {
    EXPECT_EQ(column_error("personal(x)").message, "\"personal\" takes no argument");
    EXPECT_EQ(column_error("personal(x)").position, 9u);
    EXPECT_EQ(column_error("personal, erase").message, "\"erase\" needs an argument");
    EXPECT_EQ(column_error("personal, erase").hint, "Write erase(null), erase(pseudonym) or erase(keep).");
    EXPECT_EQ(column_error("personal, purpose()").message, "\"purpose\" lacks an argument");
    EXPECT_EQ(column_error("personal, purpose(a,)").position, 21u);
    EXPECT_EQ(column_error("personal, encrypted()").position, 21u);
}

TEST(Label, EmptyIsAnError) {
    for (std::string_view text : {"", "  \t\n"}) {
        EXPECT_EQ(column_error(text).message, "label is empty");
        EXPECT_EQ(table_error(text).message, "label is empty");
        EXPECT_EQ(table_error(text).position, text.size() + 1);
    }
}

TEST(Label, Commas) {
    EXPECT_EQ(column_error("personal identifier").message, "unexpected \"identifier\"");
    EXPECT_EQ(column_error("personal identifier").hint, "Expected a comma.");
    EXPECT_EQ(column_error("personal,,identifier").position, 10u);
    EXPECT_EQ(column_error("personal,").message, "attribute is missing after the comma");
    EXPECT_EQ(column_error("personal, purpose(a), ").message, "attribute is missing after the comma");
    EXPECT_EQ(column_error(",personal").position, 1u);
}

TEST(Label, Parentheses) {
    EXPECT_EQ(table_error("owned(a").message, "parenthesis is not closed");
    EXPECT_EQ(table_error("owned(a").position, 6u);
    EXPECT_EQ(table_error("owned(a -> t(b").position, 13u);
    EXPECT_EQ(table_error("owned(a -> t when (b").position, 19u);
    EXPECT_EQ(table_error("subject)").message, "unexpected \")\"");
    EXPECT_EQ(table_error("audit(off writes)").position, 11u);
}

TEST(Label, PositionCountsCharacters) {
    EXPECT_EQ(table_error("owned(società), foo").position, 17u);
    EXPECT_EQ(table_error("owned(\"日本\"), foo").position, 14u);
    EXPECT_EQ(column_error("personal, é").message, "unknown word \"é\" in column label");
    EXPECT_EQ(column_error("personal €").message, "unexpected \"€\"");
}

TEST(Label, ErrorsEchoNoMoreThanAWord) {
    const std::string flood = std::string(62, 'a') + "é" + std::string(100000, 'b');
    EXPECT_EQ(column_error(flood).message, "unknown word \"" + std::string(62, 'a') + "...\" in column label");
    EXPECT_EQ(column_error("personal, 'mario.rossi@example.it'").message, "unexpected \"'\"");
    EXPECT_FALSE(says(table_error("keep(mario rossi, a, contract)").message, "mario"));
}

TEST(Table, EveryWord) {
    const TableLabel label =
        parse_table("owned(contact_id), keep(10 years, issued_on, legal_obligation), erase(delete), "
                    "purpose(billing), audit(reads), expires(valid_until)");
    EXPECT_EQ(label.edges, (std::vector<EdgeLabel>{{Kind::owned, {"contact_id"}, {}, ""}}));
    EXPECT_EQ(label.keep, (Keep{"10 years", "issued_on", Keep::Ground::legal_obligation}));
    EXPECT_EQ(label.erase, TableLabel::Erase::remove);
    EXPECT_EQ(label.purposes, std::vector<std::string>{"billing"});
    EXPECT_EQ(label.audit, TableLabel::Audit::reads);
    EXPECT_EQ(label.expires, "valid_until");
    EXPECT_EQ(label.expires_after, "");
    EXPECT_EQ(parse_table("expires(a, 2  years)").expires_after, "2 years");
    EXPECT_EQ(parse_table("expires(\"A\", '6 months')").expires, "A");
    EXPECT_EQ(parse_table("expires(a, retention)").expires_after, retention_word);
    EXPECT_EQ(parse_table("expires(a, P1Y)").expires_after, "P1Y");
    EXPECT_EQ(table_error("expires(a, soon)").message, "invalid interval");
    EXPECT_EQ(table_error("expires(a, )").message, "\"expires\" lacks an argument");
    EXPECT_EQ(table_error("expires(a, 1 day, b)").message.empty(), false);
    EXPECT_TRUE(parse_table("subject").subject);
}

TEST(Table, EdgeKindsAndCompositeKeys) {
    const TableLabel label = parse_table("owned(a), accessed(b), owns(c), owned(d, \"E\")");
    ASSERT_EQ(label.edges.size(), 4u);
    EXPECT_EQ(label.edges[1].kind, Kind::accessed);
    EXPECT_EQ(label.edges[2].kind, Kind::owns);
    EXPECT_EQ(label.edges[3].columns, (std::vector<std::string>{"d", "E"}));
}

TEST(Table, Targets) {
    EXPECT_EQ(edge("owned(a->t)").target, (Target{"", "t", {}}));
    EXPECT_EQ(edge("owned(a -> S.T(X))").target, (Target{"s", "t", {"x"}}));
    EXPECT_EQ(edge("accessed(a, b -> \"S\".\"a.b\" (x, y))").target, (Target{"S", "a.b", {"x", "y"}}));
    EXPECT_EQ(edge("owned(a -> when when x)").target, (Target{"", "when", {}})); // no word is reserved
    EXPECT_EQ(table_error("owned(a -> t(x, y))").position, 13u);
    EXPECT_EQ(table_error("owned(a -> b.c.d)").message, "unexpected \".\"");
    EXPECT_EQ(table_error("owned(a ->)").message, "\"owned\" lacks an argument");
    EXPECT_EQ(table_error("owned(a -> t())").position, 14u);
}

TEST(Table, Identifiers) {
    EXPECT_EQ(edge("owned(Contact_ID)").columns[0], "contact_id");
    EXPECT_EQ(edge("owned(\"Contact ID\")").columns[0], "Contact ID");
    EXPECT_EQ(edge("owned(\"a\"\"b,)\")").columns[0], "a\"b,)");
    EXPECT_EQ(edge("owned(ÀB$1)").columns[0], "Àb$1"); // only ASCII folds
    EXPECT_EQ(table_error("owned(\"\")").message, "identifier is empty");
    EXPECT_EQ(table_error("owned(\"a)").message, "quote is not closed");
    EXPECT_EQ(table_error("owned(\"a)").position, 7u);
    EXPECT_EQ(table_error("owned(1a)").position, 7u);
    EXPECT_EQ(table_error("owned(a, a)").position, 10u);
}

TEST(Table, Predicates) {
    EXPECT_EQ(edge("owned(a -> t when kind = 'x' )").when_predicate, "kind = 'x'");
    EXPECT_EQ(edge("owned(a -> t when (a = 1) or f(b, (c)))").when_predicate, "(a = 1) or f(b, (c))");
    EXPECT_EQ(edge("owned(a -> t when k = ')''(' and \")\" = 1)").when_predicate, "k = ')''(' and \")\" = 1");
    EXPECT_EQ(edge("owned(a -> t when k = '\\' or e = 'a')").when_predicate, "k = '\\' or e = 'a'");
    EXPECT_EQ(edge("owned(a -> t WHEN(a$1))").when_predicate, "(a$1)");
}

TEST(Table, PredicatesCannotBreakOut) {
    for (std::string_view text : {"owned(a -> t when x -- y)", "owned(a -> t when x /* y)", "owned(a -> t when x ;)",
                                  "owned(a -> t when $1 = x)", "owned(a -> t when $$)$$ = x)",
                                  "owned(a -> t when k = E'\\'')", "owned(a -> t when k = e'a'\n'\\')')"})
        EXPECT_TRUE(says(table_error(text).hint, "no comments")) << text;
    EXPECT_EQ(table_error("owned(a -> t when 1=1) or (1=1)").position, 24u);
    EXPECT_EQ(table_error("owned(a -> t when 'x)").message, "quote is not closed");
    EXPECT_EQ(table_error("owned(a -> t when )").message, "\"when\" needs a predicate");
    EXPECT_EQ(table_error("owned(a when x)").message, "\"when\" needs a table to point to");
    EXPECT_EQ(table_error("owned(a -> t if x)").message, "unexpected \"if\"");
}

TEST(Table, Keep) {
    EXPECT_EQ(parse_table("keep(1  year\t6 months, d, contract)").keep->interval, "1 year 6 months");
    EXPECT_EQ(parse_table("keep( P10Y , d, contract)").keep->interval, "P10Y");
    EXPECT_EQ(parse_table("keep('10 years', \"D\", archiving)").keep, (Keep{"10 years", "D", Keep::Ground::archiving}));
    for (std::string_view ground : {"legal_obligation", "public_task", "vital_interests", "legal_claims",
                                    "public_health", "archiving", "contract", "legitimate_interests"})
        EXPECT_EQ(to_string(parse_table("keep(1 day, d, " + std::string(ground) + ")").keep->ground), ground);
}

TEST(Table, KeepErrors) {
    EXPECT_EQ(table_error("keep()").message, "\"keep\" lacks an argument");
    EXPECT_EQ(table_error("keep(10 years)").position, 14u);
    EXPECT_EQ(table_error("keep(10 years, d)").position, 17u);
    EXPECT_EQ(table_error("keep(10 years, d, )").message, "\"keep\" lacks an argument");
    EXPECT_EQ(table_error("keep(years, d, contract)").message, "invalid interval");
    EXPECT_EQ(table_error("keep('10 years, d, contract)").message, "invalid interval");
    EXPECT_EQ(table_error("keep(10 years, d, consent)").position,
              19u); // it can be withdrawn, so it binds nobody
    EXPECT_EQ(table_error("keep(10 years").message, "parenthesis is not closed");
}

TEST(Table, EraseInEitherSpelling) {
    EXPECT_EQ(parse_table("erase(anonymize)").erase, TableLabel::Erase::anonymize);
    EXPECT_EQ(parse_table("erase(anonymise)"), parse_table("erase(anonymize)"));
    EXPECT_EQ(to_string(parse_table("erase(anonymise)")), "erase(anonymize)");
    EXPECT_EQ(table_error("erase(null)").position, 7u);
    EXPECT_EQ(table_error("erase").hint, "Write erase(delete) or erase(anonymize).");
}

TEST(Table, ColumnWordIsMisplaced) {
    for (std::string_view word : {"personal", "sensitive", "identifier", "encrypted", "derived"})
        EXPECT_EQ(table_error(word).message, "\"" + std::string(word) + "\" belongs on a column");
}

TEST(Table, UnknownWord) {
    EXPECT_TRUE(says(table_error("subjct").hint, "Did you mean \"subject\"?"));
    EXPECT_TRUE(says(table_error("owner(a)").hint, "Did you mean \"owned\"?"));
    EXPECT_EQ(table_error("\"subject\"").position, 1u); // words are not identifiers
}

TEST(Table, Contradictions) {
    EXPECT_EQ(table_error("subject, owned(a)").position, 10u);
    EXPECT_EQ(table_error("owned(a), subject").position, 11u);
    EXPECT_NO_THROW(parse_table("subject, accessed(referrer), owns(address_id)"));
    EXPECT_EQ(table_error("subject, subject").message, "\"subject\" is given twice");
    EXPECT_EQ(table_error("audit(off), audit(reads)").position, 13u);
    EXPECT_EQ(table_error("owned(a), owned(a)").message, "edge is given twice");
    EXPECT_EQ(table_error("owned(a), accessed(a)").message, "edge is given two meanings");
    EXPECT_EQ(parse_table("owned(a -> t when k = 1), owned(a -> u when k = 2)").edges.size(), 2u);
}

TEST(Table, RoundTrip) {
    for (std::string_view text :
         {"subject", "subject, owns(address_id), audit(off)", "owned(a, \"B\"), accessed(c -> s.\"T\"(d))",
          "owned(ref -> contact when kind = 'c'), owned(ref -> lead(id) when (kind) = 'l')",
          "owned(contact_id), erase(anonymize), keep(10 years, issued_on, legal_obligation), purpose(a, b), "
          "audit(writes), expires(until)",
          "expires(until, 2 years)", "expires(\"Until\", retention)"}) {
        EXPECT_EQ(to_string(parse_table(text)), text);
        EXPECT_EQ(parse_table(to_string(parse_table(text))), parse_table(text));
    }
}

TEST(Label, EveryTruncationIsAnErrorOrALabel) {
    const std::string text =
        "owned(a, \"b\"\"\" -> s.t(x, y) when k = 'E''' and (\"q\" = '€')), keep('1 day', d, contract)";
    for (std::size_t size = 0; size < text.size(); ++size)
        try {
            parse_table(std::string_view(text).substr(0, size));
            EXPECT_EQ(text[size], ','); // only a whole attribute may stand alone
        } catch (const GrammarError &error) {
            EXPECT_GE(error.position, 1u);
            EXPECT_LE(error.position, size + 1);
            EXPECT_FALSE(error.message.empty() || error.hint.empty());
        }
}

TEST(Label, Quoted) {
    EXPECT_EQ(quoted("contact_id"), "contact_id");
    EXPECT_EQ(quoted("Contact"), "\"Contact\"");
    EXPECT_EQ(quoted("a\"b"), "\"a\"\"b\"");
    EXPECT_EQ(quoted("1a"), "\"1a\"");
    EXPECT_EQ(quoted("città"), "\"città\"");
}

} // namespace
} // namespace gdpr::label
