#include "key/secret_text.hpp"

#ifdef POSTGRES_H
#error "this file is pure C++"
#endif

namespace gdpr::key {

namespace {

constexpr std::string_view digits = "0123456789abcdef";

} // namespace

void append_hex(std::string &out, cipher::Bytes bytes) {
    out.reserve(out.size() + bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        out.push_back(digits[byte >> 4]);
        out.push_back(digits[byte & 15]);
    }
}

bool unhex(std::string_view text, std::span<std::uint8_t> out) {
    if (text.size() != out.size() * 2)
        return false;
    for (std::size_t i = 0; i < text.size(); i++) {
        const auto digit = digits.find(text[i]);
        if (digit == std::string_view::npos)
            return false;
        out[i / 2] = static_cast<std::uint8_t>(out[i / 2] << 4 | digit);
    }
    return true;
}

} // namespace gdpr::key
