#pragma once

// The label language: text to struct and back. What a label names is checked against the catalog elsewhere.

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gdpr::label {

/// What is wrong with a label, ready for ereport; position counts characters from 1.
struct GrammarError : std::exception {
    std::string message;
    std::size_t position;
    std::string detail;
    std::string hint;

    GrammarError(std::string message, std::size_t position, std::string detail, std::string hint);
    const char *what() const noexcept override { return message.c_str(); }
};

/// The label of a column.
struct ColumnLabel {
    enum class Class { none, personal, sensitive };
    enum class Encryption { none, database, subject };
    enum class Erase { unset, null, pseudonym, keep };

    Class data_class = Class::none;
    bool identifier = false;
    /// Rows of subject tables that hold the same value in columns with the word are one person, where the words have
    /// the same name, mostly none.
    std::optional<std::string> same_person;
    Encryption encryption = Encryption::none;
    Erase erase = Erase::unset;
    std::vector<std::string> purposes;
    bool derived = false;

    bool operator==(const ColumnLabel &) const = default;
};

/// The table an edge points to, where no foreign key says it; no columns mean its primary key.
struct Target {
    std::string schema; // empty: by search_path
    std::string table;
    std::vector<std::string> columns;

    bool operator==(const Target &) const = default;
};

/// One owned(...), accessed(...) or owns(...).
struct EdgeLabel {
    enum class Kind { owned, accessed, owns };

    Kind kind = Kind::owned;
    std::vector<std::string> columns;
    std::optional<Target> target;
    std::string when_predicate; // SQL, trimmed; empty: always

    bool operator==(const EdgeLabel &) const = default;
};

/// A legal duty to retain: rows stay until column + interval, for that ground alone.
struct Keep {
    enum class Ground {
        legal_obligation,
        public_task,
        vital_interests,
        legal_claims,
        public_health,
        archiving,
        contract,
        legitimate_interests
    };

    std::string interval; // for interval_in to judge
    std::string column;
    Ground ground = Ground::legal_obligation;

    bool operator==(const Keep &) const = default;
};

/// In expires(column, retention): the longest retention of the table's purposes.
inline constexpr std::string_view retention_word = "retention";

/// The label of a table.
struct TableLabel {
    enum class Erase { unset, remove, anonymize }; // remove is the word delete
    enum class Audit { unset, off, writes, reads };

    bool subject = false;
    std::vector<EdgeLabel> edges;
    Erase erase = Erase::unset;
    std::optional<Keep> keep;
    std::vector<std::string> purposes;
    Audit audit = Audit::unset;
    std::optional<std::string> expires; // the column
    std::string expires_after;          // an interval, or retention_word; empty: at once

    bool operator==(const TableLabel &) const = default;
};

/// Parses the label of a column; throws GrammarError.
ColumnLabel parse_column(std::string_view text);

/// Parses the label of a table; throws GrammarError.
TableLabel parse_table(std::string_view text);

/// The canonical text, which parses back to the same label.
std::string to_string(const ColumnLabel &label);
std::string to_string(const EdgeLabel &label);
std::string to_string(const TableLabel &label);

/// The word of a ground.
std::string_view to_string(Keep::Ground ground);

/// An identifier as a label writes it: bare where it folds to itself, else in double quotes.
std::string quoted(std::string_view identifier);

} // namespace gdpr::label
