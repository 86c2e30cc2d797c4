// Fuzzes the decoder of stored values: whatever the bytes are, it neither reads beyond them nor opens anything but what
// was sealed. The first byte of the input chooses a value to alter, so that the search begins at good ones.
#include "encrypted/format.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

using namespace gdpr;
using Buffer = std::vector<std::uint8_t>;

namespace {

constexpr std::uint32_t type = 25;

struct Sealed {
    cipher::Key key;
    std::unique_ptr<cipher::Aead> aead;
    std::vector<Buffer> values;

    Sealed() {
        for (std::size_t i = 0; i < cipher::key_size; i++) // the same in every run
            key.data()[i] = static_cast<std::uint8_t>(i * 7);
        aead = std::make_unique<cipher::Aead>(key);
        for (const std::size_t size : {0, 1, 15, 16, 17, 40, 600}) {
            Buffer value(encrypted::overhead + size);
            value[0] = size % 2 == 0 ? encrypted::current_version : encrypted::compressed_version;
            for (std::size_t i = 1; i < encrypted::header_size; i++)
                value[i] = static_cast<std::uint8_t>(i * 31 + size);
            std::uint32_t id;
            std::memcpy(&id, value.data() + 1, sizeof id);
            const Buffer plain(size, 'x');
            if (!aead->seal({value.data() + encrypted::nonce_at, cipher::nonce_size},
                            encrypted::associated(value[0], id, type), plain, value.data() + encrypted::header_size))
                std::abort();
            values.push_back(value);
        }
    }
    bool has(const Buffer &value) const { return std::find(values.begin(), values.end(), value) != values.end(); }
};

void try_value(Sealed &sealed, const Buffer &bytes) {
    encrypted::Parsed parsed{};
    if (encrypted::parse(bytes, parsed) != nullptr)
        return;
    Buffer out(parsed.plain_size);
    if (encrypted::open_bytes(*sealed.aead, parsed, type, out.data()) != sealed.has(bytes))
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    static Sealed sealed;
    const Buffer bytes(data, data + size);
    try_value(sealed, bytes);
    if (size == 0)
        return 0;
    // The rest of the input is laid over a good value, and may make it longer.
    Buffer value = sealed.values[data[0] % sealed.values.size()];
    const std::size_t at = size > 1 ? data[1] % value.size() : 0;
    for (std::size_t i = 2; i < size; i++)
        if (at + i - 2 < value.size())
            value[at + i - 2] ^= data[i];
        else
            value.push_back(data[i]);
    try_value(sealed, value);
    return 0;
}
