// Text that holds a secret, and keys as text.
#pragma once

#include "cipher/cipher.hpp"

#include <string>
#include <string_view>

namespace gdpr::key {

/// Overwritten when it goes. Reserve before appending: a reallocation would leave a copy behind.
class SecretText {
  public:
    SecretText() = default;
    SecretText(const SecretText &) = delete;
    SecretText &operator=(const SecretText &) = delete;
    ~SecretText() { cipher::cleanse(text.data(), text.capacity()); }
    std::string text;
};

/// Appends two lower-case hexadecimal digits a byte.
void append_hex(std::string &out, cipher::Bytes bytes);

/// False unless `text` is exactly that many bytes in lower-case hexadecimal.
bool unhex(std::string_view text, std::span<std::uint8_t> out);

} // namespace gdpr::key
