#pragma once

// Identifiers brought to one form, so that a person is recognised however their address or number is written. Pure C++:
// what Unicode must decide (NFC) is done by the caller, before.

#include <string>
#include <string_view>

namespace gdpr::rights {

/// Stored with every entry of the blocklist. A change of the rules is a new number.
inline constexpr int normaliser = 1;

struct Identifier {
    enum class Kind { email, phone, text };

    Kind kind = Kind::text;
    std::string value; // empty: nothing that could recognise anyone

    auto operator<=>(const Identifier &) const = default;
};

/// By content alone, so that the same value means the same in every column: an e-mail address loses its surroundings
/// and has its domain in lower case; a telephone number keeps '+' and digits ('00' abroad is '+'); all else is trimmed.
/// `country` is the calling code of national numbers, digits alone; where it is empty these stay as they are.
Identifier normalise(std::string_view text, std::string_view country = {});

/// email, phone or text.
std::string_view to_string(Identifier::Kind kind);

} // namespace gdpr::rights
