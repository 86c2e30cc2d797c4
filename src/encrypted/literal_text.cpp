#include "encrypted/literal_text.hpp"

#include <algorithm>
#include <cstring>
#include <openssl/evp.h>

#ifdef POSTGRES_H
#error "this file is pure C++"
#endif

namespace gdpr::encrypted {

namespace {

/// OpenSSL's decoder passes over white space, which would give one value many literals.
bool is_base64(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

} // namespace

void encode_literal(cipher::Bytes value, std::span<char> out) noexcept {
    std::memcpy(out.data(), literal_prefix.data(), literal_prefix.size());
    EVP_EncodeBlock(reinterpret_cast<unsigned char *>(out.data() + literal_prefix.size()), value.data(),
                    static_cast<int>(value.size()));
}

std::optional<std::size_t> decode_literal(std::string_view literal, std::span<std::uint8_t> out) noexcept {
    if (!is_literal(literal))
        return std::nullopt;
    const std::string_view text = literal.substr(literal_prefix.size());
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    const std::string_view digits = text.substr(0, text.size() - padding);
    if (text.empty() || text.size() % 4 != 0 || !std::all_of(digits.begin(), digits.end(), is_base64))
        return std::nullopt;
    const int written = EVP_DecodeBlock(out.data(), reinterpret_cast<const unsigned char *>(text.data()),
                                        static_cast<int>(text.size()));
    if (written < 0)
        return std::nullopt;
    return static_cast<std::size_t>(written) - padding;
}

} // namespace gdpr::encrypted
