#pragma once

// Text that keeps its shape and loses its content.

#include <string>
#include <string_view>

namespace gdpr::gate {

/// What a text looks like.
enum class Content { email, iban, phone, name, other };

Content content_of(std::string_view text);

/// The text with as many characters, of which few are told: the top-level domain and the first letter of an e-mail
/// address, the country and the last four of an IBAN, the country code and the last two digits of a telephone number,
/// the initials of names of several words. Nothing of what is too short for that, or is something else: words of a
/// diagnosis have initials, too. Only what separates letters and digits stays between them. `letter` and `digit` stand
/// for what is not told.
std::string masked(std::string_view text, char letter = '*', char digit = '*');

/// The power of ten at or below a decimal number, at the same scale; empty where it is not a finite number.
std::string magnitude(std::string_view number);

} // namespace gdpr::gate
