// The words of labels and their arguments: what the parser knows, and how errors speak of it.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gdpr::label {

using Names = std::span<const std::string_view>;

/// A word of the language and how it is written on each side: nullptr where it does not belong.
struct Word {
    std::string_view name;
    const char *on_column, *on_table;
};

inline constexpr Word words[] = {
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
inline constexpr std::string_view encrypted_arguments[] = {"subject"};
inline constexpr std::string_view column_erase[] = {"null", "pseudonym", "keep"};
inline constexpr std::string_view table_erase[] = {"delete", "anonymize", "anonymise"};
inline constexpr std::string_view audits[] = {"off", "writes", "reads"};
inline constexpr std::string_view edge_kinds[] = {"owned", "accessed", "owns"};
inline constexpr std::string_view grounds[] = {"legal_obligation", "public_task",         "vital_interests",
                                               "legal_claims",     "public_health",       "archiving",
                                               "contract",         "legitimate_interests"};

bool is_space(char c);
bool is_digit(char c);
bool starts_word(char c);
bool continues_word(char c);
bool continues_character(char c);
bool is_interval(char c);
bool contains(Names names, std::string_view name);

/// The enum value of a name among those that list it.
template <typename Enum> Enum value_of(Names names, std::string_view name, int first = 0) {
    return static_cast<Enum>(first + (std::find(names.begin(), names.end(), name) - names.begin()));
}

/// A word as an error shows it: never longer than a name can be.
std::string shown(std::string_view word);

/// What could have been meant, then all that may stand here.
std::string expected(std::string_view word, Names names);

} // namespace gdpr::label
