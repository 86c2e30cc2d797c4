#include "label/grammar_words.hpp"

namespace gdpr::label {

namespace {

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

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

} // namespace

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || !is_ascii(c); }
bool continues_word(char c) { return starts_word(c) || is_digit(c) || c == '$'; }
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }
bool is_interval(char c) {
    return is_ascii(c) && (continues_word(c) || c == '.' || c == ':' || c == '+' || c == '-' || c == '@');
}
bool contains(Names names, std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); }

std::string shown(std::string_view word) {
    std::size_t end = std::min<std::size_t>(word.size(), 63);
    while (end > 0 && end < word.size() && continues_character(word[end]))
        --end;
    return '"' + std::string(word.substr(0, end)) + (end < word.size() ? "...\"" : "\"");
}

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

} // namespace gdpr::label
