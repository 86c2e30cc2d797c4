// The text of a label as words and arguments, and where in it an error is.
#pragma once

#include "label/grammar.hpp"
#include "label/grammar_words.hpp"

#include <algorithm>
#include <utility>

namespace gdpr::label {

class Parser {
  public:
    Parser(std::string_view text, bool column) : text_(text), column_(column) {}

    /// Calls handle(word) for each attribute, the cursor standing behind the word.
    template <typename Handle> void attributes(Handle handle) {
        if (peek() == '\0' && at_end())
            fail(at_, "label is empty", "To remove a label, write IS NULL. " + expected("", known_here()));
        do {
            if (!starts_word(peek()))
                unexpected("an attribute");
            word_at_ = at_;
            word_ = known(bare());
            if (!contains(edge_kinds, word_->name) && contains(seen_, word_->name))
                contradicts(shown(word_->name) + " is given twice", "Keep one, with all its arguments.");
            seen_.push_back(word_->name);
            handle(word_->name);
            if (opens() && usage().find('(') == std::string::npos)
                fail(at_, shown(word_->name) + " takes no argument", "Remove the parentheses.");
            if (!at_end() && peek() != ',')
                unexpected("a comma");
        } while (accept(","));
    }

    bool opens() { return peek() == '('; }

    /// (word) out of a closed list, as the enum whose values begin at first.
    template <typename Enum> Enum argument(Names names, int first) {
        open();
        const Enum value = choice<Enum>(names, first);
        close();
        return value;
    }

    /// (name, ...)
    std::vector<std::string> names() {
        open();
        auto result = identifiers();
        close();
        return result;
    }

    /// (column[, interval or retention])
    std::string expires(std::string &after) {
        open();
        std::string result = identifier();
        if (accept(",")) {
            const std::size_t at = at_;
            if (starts_word(peek()) && bare() == retention_word)
                after = retention_word;
            else {
                at_ = at;
                after = interval();
            }
        }
        close();
        return result;
    }

    /// (interval, column, ground)
    Keep keep() {
        Keep keep;
        open();
        keep.interval = interval();
        comma();
        keep.column = identifier();
        comma();
        keep.ground = choice<Keep::Ground>(grounds, 0);
        close();
        return keep;
    }

    /// (columns [-> table[(columns)] [when predicate]])
    EdgeLabel edge(EdgeLabel::Kind kind) {
        EdgeLabel edge{kind, {}, {}, {}};
        open();
        edge.columns = identifiers();
        if (accept("->"))
            edge.target = target(edge.columns.size());
        if (starts_word(peek())) {
            const std::size_t at = at_;
            if (const std::string word = bare(); word != "when")
                fail(at, "unexpected " + shown(word), usage());
            if (!edge.target)
                fail(at, "\"when\" needs a table to point to", usage());
            edge.when_predicate = predicate();
        }
        close();
        return edge;
    }

    [[noreturn]] void contradicts(std::string message, std::string hint) const {
        fail(word_at_, std::move(message), std::move(hint));
    }

    /// (name)
    std::string name() {
        open();
        std::string result = identifier();
        close();
        return result;
    }

    /// Where the current word is.
    std::size_t word_at() const { return word_at_; }

    [[noreturn]] void lacks(std::size_t at, std::string message, std::string hint) const {
        fail(at, std::move(message), std::move(hint));
    }

    /// Every word on a column speaks of personal data, so the first of them is the one that lacks it.
    [[noreturn]] void lacks_class() const {
        const auto first = std::find_if_not(text_.begin(), text_.end(), is_space) - text_.begin();
        fail(static_cast<std::size_t>(first), shown(seen_[0]) + " needs a class of data", "Add personal or sensitive.");
    }

  private:
    bool at_end() const { return at_ == text_.size(); }

    /// The next character that is no space; NUL at the end.
    char peek() {
        while (!at_end() && is_space(text_[at_]))
            ++at_;
        return at_end() ? '\0' : text_[at_];
    }

    std::size_t here() { return peek(), at_; }

    bool accept(std::string_view token) {
        const bool there = text_.substr(here(), token.size()) == token;
        at_ += there ? token.size() : 0;
        return there;
    }

    void open() {
        if (peek() != '(')
            fail(word_at_, shown(word_->name) + " needs an argument", usage());
        opened_at_ = at_++;
    }

    void close() {
        if (!accept(")"))
            unexpected("a closing parenthesis");
        opened_at_ = 0;
    }

    void comma() {
        if (!accept(","))
            peek() == ')' ? lacking("") : unexpected("a comma");
    }

    /// A bare word, folded as the server folds: ASCII only, so that no locale has a say.
    std::string bare() {
        std::string word;
        for (; !at_end() && continues_word(text_[at_]); ++at_)
            word += text_[at_] >= 'A' && text_[at_] <= 'Z' ? static_cast<char>(text_[at_] + 32) : text_[at_];
        return word;
    }

    std::string identifier() {
        if (starts_word(peek()))
            return bare();
        if (peek() != '"')
            lacking("an identifier");
        const std::size_t from = std::exchange(at_, after_quote(at_));
        std::string name;
        for (std::size_t i = from + 1; i + 1 < at_; ++i) {
            name += text_[i];
            i += text_[i] == '"'; // doubled
        }
        if (name.empty())
            fail(from, "identifier is empty", usage());
        return name;
    }

    std::vector<std::string> identifiers() {
        std::vector<std::string> names;
        do {
            const std::size_t at = here();
            names.push_back(identifier());
            if (std::count(names.begin(), names.end(), names.back()) > 1)
                fail(at, shown(names.back()) + " is given twice", "Remove one of them.");
        } while (accept(","));
        return names;
    }

    template <typename Enum> Enum choice(Names names, int first) {
        if (!starts_word(peek()))
            lacking("an argument");
        const std::size_t at = at_;
        const std::string word = bare();
        if (!contains(names, word))
            fail(at, "unknown argument " + shown(word) + " of " + shown(word_->name), expected(word, names));
        return value_of<Enum>(names, word, first);
    }

    /// The text of an interval, bare or in quotes; whether it is one is for the server to say.
    std::string interval() {
        const std::size_t at = here();
        const bool quote = accept("'");
        std::string text;
        for (std::size_t behind = here(); is_interval(peek()); behind = ++at_) {
            if (at_ > behind && !text.empty())
                text += ' '; // one is enough for the canonical form
            text += text_[at_];
        }
        if (at_end())
            unclosed(opened_at_);
        if (text.empty() && !quote)
            lacking("an interval");
        if ((quote && !accept("'")) || std::none_of(text.begin(), text.end(), is_digit))
            fail(at, "invalid interval", usage());
        return text;
    }

    /// table[(columns)], schema-qualified or not.
    Target target(std::size_t columns) {
        Target target;
        target.table = identifier();
        if (accept(".")) {
            target.schema = std::move(target.table);
            target.table = identifier();
        }
        if (!opens())
            return target;
        const std::size_t at = at_, outer = std::exchange(opened_at_, at_++);
        target.columns = identifiers();
        close();
        opened_at_ = outer;
        if (target.columns.size() != columns)
            fail(at, "columns on both sides of the arrow differ in number", "Name as many on each side.");
        return target;
    }

    /// Free text up to the parenthesis that closes the edge.
    std::string predicate() {
        constexpr auto allowed =
            "A predicate has no comments, parameters, semicolons, dollar quotes or escape strings.";
        const std::size_t from = here();
        std::vector<std::size_t> open{opened_at_};
        while (!at_end()) {
            const char c = text_[at_];
            const auto two = text_.substr(at_, 2);
            if (c == ')' && open.size() == 1)
                break;
            const bool single = c == ';' || c == '$';
            if (single || two == "--" || two == "/*") // the server might see another end than we do
                fail(at_, "unexpected " + shown(two.substr(0, single ? 1 : 2)), allowed);
            if (starts_word(c)) {
                const std::size_t at = at_;
                if (bare() == "e" && !at_end() && text_[at_] == '\'')
                    fail(at, "unexpected escape string", allowed);
                continue;
            }
            if (c == '(')
                open.push_back(at_);
            if (c == ')')
                open.pop_back();
            at_ = c == '\'' || c == '"' ? after_quote(at_) : at_ + 1;
        }
        if (at_end())
            unclosed(open.back());
        std::size_t end = at_;
        while (end > from && is_space(text_[end - 1]))
            --end;
        if (end == from)
            fail(from, "\"when\" needs a predicate", usage());
        return std::string(text_.substr(from, end - from));
    }

    /// The offset behind the quoted text that begins at from; a doubled quote stands for itself.
    std::size_t after_quote(std::size_t from) const {
        for (std::size_t i = from + 1; i < text_.size(); ++i) {
            const bool ends = text_[i] == text_[from];
            if (ends && text_.substr(i + 1, 1) == text_.substr(from, 1))
                ++i;
            else if (ends)
                return i + 1;
        }
        fail(from, "quote is not closed", "Close it, and double a quote that belongs to the text.");
    }

    std::vector<std::string_view> known_here() const {
        std::vector<std::string_view> names;
        for (const Word &word : words)
            if (column_ ? word.on_column : word.on_table)
                names.push_back(word.name);
        return names;
    }

    const Word *known(const std::string &name) const {
        for (const Word &word : words) {
            if (word.name != name)
                continue;
            if (column_ ? word.on_column : word.on_table)
                return &word;
            fail(word_at_, shown(name) + (column_ ? " belongs on a table" : " belongs on a column"),
                 std::string("Use SECURITY LABEL FOR gdpr ON ") + (column_ ? "TABLE." : "COLUMN."));
        }
        fail(word_at_, "unknown word " + shown(name) + (column_ ? " in column label" : " in table label"),
             expected(name, known_here()));
    }

    std::string usage() const { return std::string("Write ") + (column_ ? word_->on_column : word_->on_table) + '.'; }

    [[noreturn]] void lacking(std::string_view wanted) {
        if (peek() == ')' || peek() == ',')
            fail(at_, shown(word_->name) + " lacks an argument", usage());
        unexpected(wanted);
    }

    [[noreturn]] void unclosed(std::size_t at) const {
        fail(at, "parenthesis is not closed", "Add the closing parenthesis.");
    }

    [[noreturn]] void unexpected(std::string_view wanted) {
        if (at_end() && opened_at_ == 0)
            fail(at_, "attribute is missing after the comma", "Remove the comma, or add an attribute.");
        if (at_end())
            unclosed(opened_at_);
        std::size_t end = at_ + 1;
        const bool word = starts_word(text_[at_]);
        while (end < text_.size() && (word ? continues_word(text_[end]) : continues_character(text_[end])))
            ++end;
        fail(at_, "unexpected " + shown(text_.substr(at_, end - at_)), "Expected " + std::string(wanted) + '.');
    }

    [[noreturn]] void fail(std::size_t at, std::string message, std::string hint) const {
        const auto before = text_.substr(0, at);
        const auto position = at - std::count_if(before.begin(), before.end(), continues_character) + 1;
        throw GrammarError(std::move(message), position, "At character " + std::to_string(position) + " of the label.",
                           std::move(hint));
    }

    std::string_view text_;
    bool column_;
    std::size_t at_ = 0, word_at_ = 0;
    std::size_t opened_at_ = 0; // of the open parenthesis; a label cannot begin with one, so 0 is none
    const Word *word_ = nullptr;
    std::vector<std::string_view> seen_;
};

} // namespace gdpr::label
