#include "gate/shape.hpp"

#include <algorithm>
#include <cstddef>

#ifdef POSTGRES_H
#error "this file is pure C++ and must not see postgres.h"
#endif

namespace gdpr::gate {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
// Every byte of a character beyond ASCII counts as one of a letter; a server's encoding may be any.
bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80; }
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t count(std::string_view text, bool (*is)(char)) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is));
}

bool separates(char c) { return is_space(c) || std::string_view(".,-@/+():'_").find(c) != std::string_view::npos; }

/// What stands for one character: nothing for the further bytes of one that has several.
void cover(std::string &out, char c, char letter, char digit) {
    if (is_digit(c))
        out += digit;
    else if (separates(c))
        out += c;
    else if (!is_letter(c) || !continues_character(c))
        out += letter;
}

std::string masked_email(std::string_view text, char letter, char digit) {
    const std::size_t at = text.find('@'), dot = text.rfind('.');
    std::string out;
    for (std::size_t i = 0; i < text.size(); i++) {
        // A first letter, of a name that has some more; and the top-level domain.
        if ((i == 0 && at > 3 && static_cast<unsigned char>(text[0]) < 0x80) || i > dot)
            out += text[i];
        else
            cover(out, text[i], letter, digit);
    }
    return out;
}

std::string masked_iban(std::string_view text, char letter, char digit) {
    std::string out;
    std::size_t behind = count(text, [](char c) { return !is_space(c); });
    for (std::size_t i = 0; i < text.size(); i++) {
        behind -= is_space(text[i]) ? 0 : 1;
        if (i < 2 || behind < 4)
            out += text[i];
        else
            cover(out, text[i], letter, digit);
    }
    return out;
}

std::string masked_phone(std::string_view text, char letter, char digit) {
    std::string out;
    const std::size_t digits = count(text, is_digit);
    const std::size_t country = text[0] == '+' && digits > 8 ? 2 : 0, last = digits > 6 ? 2 : 0;
    std::size_t seen = 0;
    for (const char c : text) {
        seen += is_digit(c) ? 1 : 0;
        if (is_digit(c) && (seen <= country || seen > digits - last))
            out += c;
        else
            cover(out, c, letter, digit);
    }
    return out;
}

/// Initials, of words that begin with a capital and have some more letters.
std::string masked_name(std::string_view text, char letter, char digit) {
    std::string out;
    const auto in_word = [&](std::size_t i) { return i < text.size() && is_letter(text[i]); };
    for (std::size_t i = 0; i < text.size(); i++) {
        const bool first = i == 0 || is_space(text[i - 1]);
        if (first && is_upper(text[i]) && in_word(i + 1) && in_word(i + 2))
            out += text[i];
        else
            cover(out, text[i], letter, digit);
    }
    return out;
}

std::string masked_other(std::string_view text, char letter, char digit) {
    std::string out;
    // Where there is nothing to separate, what would separate is the content.
    const bool only_marks = std::none_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c); });
    for (const char c : text)
        if (only_marks && !is_space(c))
            out += letter;
        else
            cover(out, c, letter, digit);
    return out;
}

bool is_email(std::string_view text) {
    const std::size_t at = text.find('@'), dot = text.rfind('.');
    return at != std::string_view::npos && at > 0 && text.find('@', at + 1) == std::string_view::npos &&
           dot != std::string_view::npos && dot > at + 1 && dot + 1 < text.size() && text.size() - dot <= 7 &&
           std::none_of(text.begin(), text.end(), is_space);
}

bool is_iban(std::string_view text) {
    std::string packed;
    std::copy_if(text.begin(), text.end(), std::back_inserter(packed), [](char c) { return !is_space(c); });
    return packed.size() >= 15 && packed.size() <= 34 && is_upper(packed[0]) && is_upper(packed[1]) &&
           !is_space(text[0]) && !is_space(text[1]) && is_digit(packed[2]) && is_digit(packed[3]) &&
           std::all_of(packed.begin(), packed.end(), [](char c) { return is_digit(c) || is_upper(c); });
}

bool is_phone(std::string_view text) {
    return count(text, is_digit) >= 6 && (text[0] == '+' || is_digit(text[0]) || text[0] == '(') &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return is_digit(c) || std::string_view("+ ()-./").find(c) != std::string_view::npos;
           });
}

bool is_lower(char c) { return (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80; }

/// A word as names have it: capitalised, within it perhaps again behind a hyphen or an apostrophe; or a particle.
bool is_name_word(std::string_view word) {
    bool capital = true, lower_yet = false;
    for (const char c : word) {
        if (c == '-' || c == '\'' || c == '.') {
            capital = true;
        } else if (is_upper(c)) {
            if (!capital)
                return false;
            capital = false;
        } else if (is_lower(c)) {
            lower_yet = true;
            capital = false;
        } else {
            return false;
        }
    }
    const bool particle = !is_upper(word[0]) && static_cast<unsigned char>(word[0]) < 0x80;
    return particle ? word.size() <= 4 : lower_yet || word.size() <= 2;
}

/// Two to four words, the first and the last of them no particles.
bool is_name(std::string_view text) {
    std::size_t words = 0;
    const auto capitalised = [](char c) { return is_upper(c) || static_cast<unsigned char>(c) >= 0x80; };
    for (;;) {
        const std::size_t end = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, end);
        const bool last = end == text.size();
        if (word.empty() || !is_name_word(word) || ((words == 0 || last) && !capitalised(word[0])))
            return false;
        words++;
        if (last)
            break;
        text.remove_prefix(end + 1);
    }
    return words >= 2 && words <= 4;
}

} // namespace

Content content_of(std::string_view text) {
    if (text.empty())
        return Content::other;
    return is_email(text)   ? Content::email
           : is_iban(text)  ? Content::iban
           : is_phone(text) ? Content::phone
           : is_name(text)  ? Content::name
                            : Content::other;
}

std::string masked(std::string_view text, char letter, char digit) {
    // As char(n) fills up.
    if (const std::size_t end = text.find_last_not_of(' ') + 1; end != text.size())
        return masked(text.substr(0, end), letter, digit) + std::string(text.substr(end));
    switch (content_of(text)) {
    case Content::email:
        return masked_email(text, letter, digit);
    case Content::iban:
        return masked_iban(text, letter, digit);
    case Content::phone:
        return masked_phone(text, letter, digit);
    case Content::name:
        return masked_name(text, letter, digit);
    case Content::other:
        break;
    }
    return masked_other(text, letter, digit);
}

std::string magnitude(std::string_view number) {
    const auto known = [](char c) { return is_digit(c) || c == '-' || c == '.'; };
    if (number.empty() || !std::all_of(number.begin(), number.end(), known))
        return {};
    std::string out(number);
    bool told = false;
    for (char &c : out)
        if (is_digit(c) && c != '0') {
            c = told ? '0' : '1';
            told = true;
        }
    return out;
}

} // namespace gdpr::gate
