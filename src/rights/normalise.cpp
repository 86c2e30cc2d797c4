#include "rights/normalise.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gdpr::rights {

namespace {

// What is invisible at the ends of a value: white space of ASCII, and of Unicode as UTF-8.
constexpr std::array<std::string_view, 15> blanks = {" ",
                                                     "\t",
                                                     "\n",
                                                     "\r",
                                                     "\v",
                                                     "\f",
                                                     "\xC2\xA0",
                                                     "\xE2\x80\x82",
                                                     "\xE2\x80\x83",
                                                     "\xE2\x80\x89",
                                                     "\xE2\x80\x8B",
                                                     "\xE2\x80\xAF",
                                                     "\xE3\x80\x80",
                                                     "\xEF\xBB\xBF",
                                                     "\xE2\x81\xA0"};

constexpr std::size_t fewest_digits = 7; // of a telephone number; shorter ones are other things
constexpr std::size_t most_digits = 15;  // E.164

std::string_view trimmed(std::string_view text) {
    const auto shorten = [&](auto at_end) {
        for (const std::string_view blank : blanks)
            if (at_end(blank)) {
                return blank.size();
            }
        return std::size_t{0};
    };
    while (const std::size_t size = shorten([&](std::string_view blank) { return text.starts_with(blank); }))
        text.remove_prefix(size);
    while (const std::size_t size = shorten([&](std::string_view blank) { return text.ends_with(blank); }))
        text.remove_suffix(size);
    return text;
}

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

bool starts_with_word(std::string_view text, std::string_view word) {
    return text.size() >= word.size() &&
           std::equal(word.begin(), word.end(), text.begin(), [](char one, char other) { return one == lower(other); });
}

/// The address in "mailto:a@b", "<a@b>" and "Name <a@b>"; else what it was given.
std::string_view bare_address(std::string_view text) {
    if (starts_with_word(text, "mailto:"))
        text.remove_prefix(7);
    const std::size_t open = text.rfind('<');
    if (open != std::string_view::npos && text.ends_with('>'))
        text = text.substr(open + 1, text.size() - open - 2);
    return trimmed(text);
}

bool is_address(std::string_view text) {
    const std::size_t at = text.rfind('@');
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
           text.find_first_of(" \t\r\n<>,;") == std::string_view::npos;
}

std::string address(std::string_view text) {
    std::string out(text);
    std::transform(out.begin() + static_cast<std::ptrdiff_t>(out.rfind('@')), out.end(),
                   out.begin() + static_cast<std::ptrdiff_t>(out.rfind('@')), lower);
    while (out.ends_with('.') && !out.ends_with("@.")) // the root of the domain name system
        out.pop_back();
    return out;
}

/// What is dialled within a country before the number, and not from abroad. Elsewhere it is 0.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> trunk_prefixes = {{{"1", "1"},
                                                                                           {"7", "8"},
                                                                                           {"36", "06"},
                                                                                           {"39", ""},
                                                                                           {"225", ""},
                                                                                           {"241", ""},
                                                                                           {"242", ""},
                                                                                           {"375", "8"},
                                                                                           {"378", ""},
                                                                                           {"379", ""},
                                                                                           {"993", "8"}}};

std::string_view trunk_prefix(std::string_view country) {
    for (const auto &[code, prefix] : trunk_prefixes)
        if (code == country)
            return prefix;
    return "0";
}

/// A national number as it is dialled from abroad.
std::string international(std::string_view number, std::string_view country) {
    const std::string_view trunk = trunk_prefix(country);
    if (!trunk.empty() && number.starts_with(trunk))
        number.remove_prefix(trunk.size());
    return "+" + std::string(country) + std::string(number);
}

/// '+' and digits; empty where the text is no telephone number.
std::string phone(std::string_view text, std::string_view country) {
    if (starts_with_word(text, "tel:"))
        text.remove_prefix(4);
    std::string out;
    for (std::size_t i = 0; i < text.size(); i++) {
        const char letter = text[i];
        // As in +44 (0)20: not dialled from abroad.
        if (out.starts_with('+') && text.substr(i).starts_with("(0)") && trunk_prefix(out.substr(1)) == "0")
            i += 2;
        else if (is_digit(letter) || (letter == '+' && out.empty()))
            out += letter;
        else if (std::string_view(" ()-./").find(letter) == std::string_view::npos)
            return {};
        if (out == "00")
            out = "+";
    }
    if (!country.empty() && !out.empty() && !out.starts_with('+') && out.size() >= fewest_digits)
        out = international(out, country);
    const std::size_t digits = out.size() - (out.starts_with('+') ? 1 : 0);
    return digits < fewest_digits || digits > most_digits ? std::string() : out;
}

} // namespace

Identifier normalise(std::string_view text, std::string_view country) {
    text = trimmed(text);
    if (const std::string_view inner = bare_address(text); is_address(inner))
        return {Identifier::Kind::email, address(inner)};
    if (std::string number = phone(text, country); !number.empty())
        return {Identifier::Kind::phone, std::move(number)};
    return {Identifier::Kind::text, std::string(text)};
}

std::string_view to_string(Identifier::Kind kind) {
    switch (kind) {
    case Identifier::Kind::email:
        return "email";
    case Identifier::Kind::phone:
        return "phone";
    case Identifier::Kind::text:
        return "text";
    }
    return "text";
}

} // namespace gdpr::rights
