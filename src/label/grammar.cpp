#include "label/grammar.hpp"

#include <algorithm>
#include <span>
#include <utility>

#ifdef POSTGRES_H
#error "the grammar is pure C++ and must not see postgres.h"
#endif

namespace gdpr::label {

GrammarError::GrammarError(std::string message_, std::size_t position_, std::string detail_, std::string hint_)
    : message(std::move(message_)), position(position_), detail(std::move(detail_)), hint(std::move(hint_)) {}

namespace {

using Names = std::span<const std::string_view>;

/// A word of the language and how it is written on each side: nullptr where it does not belong.
struct Word {
    std::string_view name;
    const char *on_column, *on_table;
};

constexpr Word words[] = {
    {"personal", "personal", nullptr},
    {"sensitive", "sensitive", nullptr},
    {"identifier", "identifier", nullptr},
    {"same_person", "same_person or same_person(name)", nullptr},
    {"encrypted", "encrypted or encrypted(subject)", nullptr},
    {"derived", "derived", nullptr},
    {"subject", nullptr, "subject"},
    {"owned", nullptr, "owned(column), owned(column -> table) or owned(column -> table when predicate)"},
    {"accessed", nullptr, "accessed(column), accessed(column -> table) or accessed(column -> table when predicate)"},
    {"owns", nullptr, "owns(column) or owns(column -> table)"},
    {"keep", nullptr, "keep(interval, column, ground), as in keep(10 years, issued_on, legal_obligation)"},
    {"audit", nullptr, "audit(off), audit(writes) or audit(reads)"},
    {"expires", nullptr, "expires(column), expires(column, interval) or expires(column, retention)"},
    {"erase", "erase(null), erase(pseudonym) or erase(keep)", "erase(delete) or erase(anonymize)"},
    {"purpose", "purpose(name, ...)", "purpose(name, ...)"},
};

// Arguments, in the order of their enums.
constexpr std::string_view encrypted_arguments[] = {"subject"};
constexpr std::string_view column_erase[] = {"null", "pseudonym", "keep"};
constexpr std::string_view table_erase[] = {"delete", "anonymize", "anonymise"};
constexpr std::string_view audits[] = {"off", "writes", "reads"};
constexpr std::string_view edge_kinds[] = {"owned", "accessed", "owns"};
constexpr std::string_view grounds[] = {"legal_obligation", "public_task", "vital_interests", "legal_claims",
                                        "public_health",    "archiving",   "contract",        "legitimate_interests"};

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
bool starts_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || !is_ascii(c); }
bool continues_word(char c) { return starts_word(c) || is_digit(c) || c == '$'; }
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }
bool is_interval(char c) {
    return is_ascii(c) && (continues_word(c) || c == '.' || c == ':' || c == '+' || c == '-' || c == '@');
}
bool contains(Names names, std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); }

/// The enum value of a name among those that list it.
template <typename Enum> Enum value_of(Names names, std::string_view name, int first = 0) {
    return static_cast<Enum>(first + (std::find(names.begin(), names.end(), name) - names.begin()));
}

/// A word as an error shows it: never longer than a name can be.
std::string shown(std::string_view word) {
    std::size_t end = std::min<std::size_t>(word.size(), 63);
    while (end > 0 && end < word.size() && continues_character(word[end]))
        --end;
    return '"' + std::string(word.substr(0, end)) + (end < word.size() ? "...\"" : "\"");
}

/// Edit distance, a swap of neighbours counting one.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i)
        for (std::size_t j = 0; j <= b.size(); ++j) {
            d[i][j] = i + j;
            if (i == 0 || j == 0)
                continue;
            d[i][j] = std::min(d[i - 1][j], d[i][j - 1]) + 1;
            d[i][j] = std::min(d[i][j], d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[a.size()][b.size()];
}

/// What could have been meant, then all that may stand here.
std::string expected(std::string_view word, Names names) {
    std::string nearest, all;
    std::size_t best = 0;
    for (std::string_view name : names) {
        all.append(all.empty() ? "" : ", ").append(name);
        const bool slip = word.size() <= name.size() + 3; // else none, and the distance stays cheap
        const std::size_t d = slip ? distance(word, name) : name.size();
        if (d * 3 <= name.size() && (nearest.empty() || d < best))
            nearest = name, best = d;
    }
    return (nearest.empty() ? "" : "Did you mean \"" + nearest + "\"? ") +
           (names.size() > 1 ? "Expected one of " : "Expected ") + all + '.';
}

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

    /// (column)
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

} // namespace

ColumnLabel parse_column(std::string_view text) {
    using Class = ColumnLabel::Class;
    using Encryption = ColumnLabel::Encryption;
    ColumnLabel label;
    std::size_t same_person_at = 0;
    Parser parser(text, true);
    parser.attributes([&](std::string_view word) {
        if (word == "personal" || word == "sensitive") {
            if (label.data_class != Class::none)
                parser.contradicts("\"personal\" and \"sensitive\" exclude each other", "Keep the stricter one.");
            label.data_class = word == "personal" ? Class::personal : Class::sensitive;
        } else if (word == "identifier") {
            label.identifier = true;
        } else if (word == "same_person") {
            same_person_at = parser.word_at();
            label.same_person = parser.opens() ? parser.name() : "";
        } else if (word == "derived") {
            label.derived = true;
        } else if (word == "encrypted") {
            label.encryption = Encryption::database;
            if (parser.opens())
                label.encryption = parser.argument<Encryption>(encrypted_arguments, 2);
        } else if (word == "erase") {
            label.erase = parser.argument<ColumnLabel::Erase>(column_erase, 1);
        } else {
            label.purposes = parser.names();
        }
        if (label.erase == ColumnLabel::Erase::keep && label.identifier)
            parser.contradicts("\"identifier\" and erase(keep) exclude each other",
                               "What recognises a person cannot outlive the erasure: use erase(null) or "
                               "erase(pseudonym).");
        if (label.erase == ColumnLabel::Erase::keep && label.encryption == Encryption::subject)
            parser.contradicts("encrypted(subject) and erase(keep) exclude each other",
                               "Erasure destroys the subject's key: use encrypted, or erase(null).");
    });
    if (label.data_class == Class::none)
        parser.lacks_class();
    if (label.same_person && !label.identifier)
        parser.lacks(same_person_at, "\"same_person\" needs \"identifier\"",
                     "Add identifier: only what recognises a person can tell that two rows are one.");
    return label;
}

TableLabel parse_table(std::string_view text) {
    TableLabel label;
    bool owned = false;
    Parser parser(text, false);
    parser.attributes([&](std::string_view word) {
        if (contains(edge_kinds, word)) {
            EdgeLabel edge = parser.edge(value_of<EdgeLabel::Kind>(edge_kinds, word));
            for (const EdgeLabel &other : label.edges)
                if (edge.columns == other.columns && edge.target == other.target &&
                    edge.when_predicate == other.when_predicate)
                    parser.contradicts(edge.kind == other.kind ? "edge is given twice" : "edge is given two meanings",
                                       "Say once what the key means: owned, accessed or owns.");
            owned = owned || edge.kind == EdgeLabel::Kind::owned;
            label.edges.push_back(std::move(edge));
        } else if (word == "subject") {
            label.subject = true;
        } else if (word == "erase") {
            const auto erase = parser.argument<TableLabel::Erase>(table_erase, 1);
            label.erase = std::min(erase, TableLabel::Erase::anonymize); // either spelling
        } else if (word == "keep") {
            label.keep = parser.keep();
        } else if (word == "audit") {
            label.audit = parser.argument<TableLabel::Audit>(audits, 1);
        } else if (word == "expires") {
            label.expires = parser.expires(label.expires_after);
        } else {
            label.purposes = parser.names();
        }
        if (label.subject && owned)
            parser.contradicts("\"subject\" and \"owned\" exclude each other",
                               "A subject row belongs to itself alone; accessed(...) shows it to another subject.");
    });
    return label;
}

std::string quoted(std::string_view identifier) {
    const bool bare = !identifier.empty() && !is_digit(identifier[0]) && identifier[0] != '$' &&
                      std::all_of(identifier.begin(), identifier.end(),
                                  [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_' || c == '$'; });
    if (bare)
        return std::string(identifier);
    std::string result = "\"";
    for (char c : identifier)
        result.append(c == '"' ? 2 : 1, c);
    return result + '"';
}

namespace {

std::string listed(const std::vector<std::string> &identifiers) {
    std::string result;
    for (const std::string &identifier : identifiers)
        result += (result.empty() ? "" : ", ") + quoted(identifier);
    return result;
}

/// Attributes between commas.
class Writer {
  public:
    Writer &add(bool wanted, std::string_view attribute) {
        if (wanted)
            text_.append(text_.empty() ? "" : ", ").append(attribute);
        return *this;
    }
    /// word(argument) for an enum whose zero says nothing.
    template <typename Enum> Writer &add(std::string_view word, Enum value, Names arguments) {
        if (value == Enum{})
            return *this;
        return add(true, std::string(word) + '(' + std::string(arguments[static_cast<std::size_t>(value) - 1]) + ')');
    }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

} // namespace

std::string_view to_string(Keep::Ground ground) { return grounds[static_cast<std::size_t>(ground)]; }

std::string to_string(const ColumnLabel &label) {
    using Class = ColumnLabel::Class;
    using Encryption = ColumnLabel::Encryption;
    return Writer()
        .add(label.data_class == Class::personal, "personal")
        .add(label.data_class == Class::sensitive, "sensitive")
        .add(label.identifier, "identifier")
        .add(label.same_person.has_value(),
             label.same_person.value_or("").empty() ? "same_person" : "same_person(" + quoted(*label.same_person) + ')')
        .add(label.encryption == Encryption::database, "encrypted")
        .add(label.encryption == Encryption::subject, "encrypted(subject)")
        .add("erase", label.erase, column_erase)
        .add(!label.purposes.empty(), "purpose(" + listed(label.purposes) + ')')
        .add(label.derived, "derived")
        .take();
}

std::string to_string(const EdgeLabel &edge) {
    std::string text(edge_kinds[static_cast<std::size_t>(edge.kind)]);
    text += '(' + listed(edge.columns);
    if (const auto &target = edge.target) {
        text += " -> " + (target->schema.empty() ? "" : quoted(target->schema) + '.') + quoted(target->table);
        if (!target->columns.empty())
            text += '(' + listed(target->columns) + ')';
        if (!edge.when_predicate.empty())
            text += " when " + edge.when_predicate;
    }
    return text + ')';
}

std::string to_string(const TableLabel &label) {
    Writer writer;
    writer.add(label.subject, "subject");
    for (const EdgeLabel &edge : label.edges)
        writer.add(true, to_string(edge));
    writer.add("erase", label.erase, table_erase);
    if (const auto &keep = label.keep)
        writer.add(true, "keep(" + keep->interval + ", " + quoted(keep->column) + ", " +
                             std::string(to_string(keep->ground)) + ')');
    return writer.add(!label.purposes.empty(), "purpose(" + listed(label.purposes) + ')')
        .add("audit", label.audit, audits)
        .add(label.expires.has_value(), "expires(" + quoted(label.expires.value_or("")) +
                                            (label.expires_after.empty() ? "" : ", " + label.expires_after) + ')')
        .take();
}

} // namespace gdpr::label
