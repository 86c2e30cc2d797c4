// Fuzzes the ciphertext literal: prefix and base64, by the decoder that the module calls. What it takes, written out
// and read again, is the same; it writes no byte beyond the room it asks for.
#include "encrypted/literal_text.hpp"

#include <cstdlib>
#include <string>
#include <vector>

using namespace gdpr::encrypted;

namespace {

void try_text(const std::string &text) {
    std::vector<std::uint8_t> bytes(literal_room(text));
    const auto size = decode_literal(text, bytes);
    if (!size)
        return;
    if (*size > bytes.size() || !is_literal(text))
        std::abort();
    bytes.resize(*size);
    std::string again(literal_length(bytes.size()), '\0');
    encode_literal(bytes, {again.data(), again.size() + 1});
    std::vector<std::uint8_t> back(literal_room(again));
    const auto length = decode_literal(again, back);
    if (!length || *length != bytes.size())
        std::abort();
    back.resize(*length);
    if (back != bytes)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string text(reinterpret_cast<const char *>(data), size);
    try_text(text);
    try_text(std::string(literal_prefix) + text);
    return 0;
}
