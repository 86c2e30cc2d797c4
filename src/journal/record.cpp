#include "journal/record.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#ifdef POSTGRES_H
#error "this file is pure C++"
#endif

namespace gdpr::journal {

namespace {

constexpr std::string_view digits = "0123456789abcdef";
constexpr std::size_t id_size = 32;

constexpr std::array<std::pair<Act, std::string_view>, 8> acts{{{Act::erasure, "erasure"},
                                                                {Act::restriction, "restriction"},
                                                                {Act::restriction_lifted, "restriction_lifted"},
                                                                {Act::objection, "objection"},
                                                                {Act::objection_withdrawn, "objection_withdrawn"},
                                                                {Act::consent_withdrawn, "consent_withdrawn"},
                                                                {Act::consent_given, "consent_given"},
                                                                {Act::unblocking, "unblocking"}}};

using Kind = Record::Kind;
constexpr std::array<std::pair<Kind, std::string_view>, 5> kinds{{{Kind::intent, "intent"},
                                                                  {Kind::confirmed, "confirmed"},
                                                                  {Kind::aborted, "aborted"},
                                                                  {Kind::yes, "yes"},
                                                                  {Kind::no, "no"}}};

template <typename Value, std::size_t size>
std::string_view name_of(const std::array<std::pair<Value, std::string_view>, size> &names, Value value) {
    for (const auto &[each, name] : names)
        if (each == value)
            return name;
    return {};
}

template <typename Value, std::size_t size>
bool value_of(const std::array<std::pair<Value, std::string_view>, size> &names, std::string_view text, Value &value) {
    for (const auto &[each, name] : names)
        if (name == text) {
            value = each;
            return true;
        }
    return false;
}

template <typename Number> bool number(std::string_view text, Number &out, int base = 10) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
    return error == std::errc() && end == text.data() + text.size();
}

bool optional_number(std::string_view text, std::optional<std::int64_t> &out) {
    if (text == "-")
        return true;
    return number(text, out.emplace());
}

std::string optional_text(const std::optional<std::int64_t> &value) { return value ? std::to_string(*value) : "-"; }

std::string hex_number(std::uint32_t value) {
    std::string out(8, '0');
    for (std::size_t i = 8; i-- > 0; value >>= 4)
        out[i] = digits[value & 15];
    return out;
}

/// Any text as one word: what is neither letter nor digit, but for a few, as %XX.
std::string word_of(std::string_view text) {
    if (text.empty())
        return "-";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_')
            out += c;
        else {
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    return out;
}

bool text_of(std::string_view word, std::string &out) {
    if (word == "-")
        return true;
    for (std::size_t i = 0; i < word.size(); i++) {
        if (word[i] != '%') {
            out += word[i];
            continue;
        }
        std::array<std::uint8_t, 1> byte{};
        if (i + 2 >= word.size() || !unhex(word.substr(i + 1, 2), byte))
            return false;
        out += static_cast<char>(byte[0]);
        i += 2;
    }
    return true;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> out;
    for (;;) {
        const std::size_t end = text.find(separator);
        out.push_back(text.substr(0, end));
        if (end == std::string_view::npos)
            return out;
        text = text.substr(end + 1);
    }
}

std::string identifiers_word(const std::vector<HashedIdentifier> &identifiers) {
    std::string out;
    for (const HashedIdentifier &each : identifiers)
        out += (out.empty() ? "" : ",") + each.kind + ":" + hex(each.hash);
    return out.empty() ? "-" : out;
}

bool identifiers_of(std::string_view word, std::vector<HashedIdentifier> &out) {
    if (word == "-")
        return true;
    const std::vector<std::string_view> all = split(word, ',');
    return std::all_of(all.begin(), all.end(), [&](std::string_view each) {
        const std::size_t colon = each.find(':');
        if (colon == std::string_view::npos)
            return false;
        HashedIdentifier &made = out.emplace_back();
        made.kind = each.substr(0, colon);
        return unhex(each.substr(colon + 1), made.hash);
    });
}

bool is_id(std::string_view text) {
    return text.size() == id_size && text.find_first_not_of(digits) == std::string_view::npos;
}

bool decode_entry(const std::vector<std::string_view> &word, Entry &entry) {
    if (word.size() != 17 || !is_id(word[4]))
        return false;
    std::uint8_t tracked = 0;
    const bool good = value_of(acts, word[2], entry.act) && number(word[3], entry.at) &&
                      number(word[5], entry.system) && number(word[6], entry.database) &&
                      text_of(word[7], entry.table) && number(word[8], entry.subject_key, 16) &&
                      unhex(word[9], entry.subject) && optional_number(word[10], entry.born) &&
                      number(word[11], tracked) && tracked <= 1 && text_of(word[12], entry.purpose) &&
                      optional_number(word[13], entry.until) && number(word[14], entry.normaliser) &&
                      number(word[15], entry.identifier_key, 16) && identifiers_of(word[16], entry.identifiers);
    entry.lineage = word[4];
    entry.tracked = tracked != 0;
    return good;
}

} // namespace

std::string_view act_name(Act act) { return name_of(acts, act); }

std::string hex(cipher::Bytes bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        out.push_back(digits[byte >> 4]);
        out.push_back(digits[byte & 15]);
    }
    return out;
}

bool unhex(std::string_view text, std::span<std::uint8_t> out) {
    if (text.size() != out.size() * 2)
        return false;
    for (std::size_t i = 0; i < out.size(); i++) {
        const std::size_t high = digits.find(text[2 * i]), low = digits.find(text[2 * i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos)
            return false;
        out[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return true;
}

std::string encode(const Record &record) {
    const Entry &entry = record.entry;
    std::string out = std::string(name_of(kinds, record.kind)) + ' ' + entry.id;
    if (record.kind != Kind::intent)
        return out;
    const auto add = [&](const std::string &word) { out += ' ' + word; };
    add(std::string(act_name(entry.act)));
    add(std::to_string(entry.at));
    add(entry.lineage);
    add(std::to_string(entry.system));
    add(std::to_string(entry.database));
    add(word_of(entry.table));
    add(hex_number(entry.subject_key));
    add(hex(entry.subject));
    add(optional_text(entry.born));
    add(entry.tracked ? "1" : "0");
    add(word_of(entry.purpose));
    add(optional_text(entry.until));
    add(std::to_string(entry.normaliser));
    add(hex_number(entry.identifier_key));
    add(identifiers_word(entry.identifiers));
    return out;
}

std::optional<Record> decode(std::string_view text) {
    const std::vector<std::string_view> word = split(text, ' ');
    Record record;
    if (word.size() < 2 || !value_of(kinds, word[0], record.kind) || !is_id(word[1]))
        return std::nullopt;
    record.entry.id = word[1];
    if (record.kind == Kind::intent ? !decode_entry(word, record.entry) : word.size() != 2)
        return std::nullopt;
    return record;
}

} // namespace gdpr::journal
