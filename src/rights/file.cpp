#include "rights/file.hpp"

#include "cipher/cipher.hpp"
#include "pg/pg.hpp"

namespace gdpr::rights {

std::string utf8(const std::string &text) {
    const char *converted =
        pg::call([&] { return pg_server_to_any(text.data(), static_cast<int>(text.size()), PG_UTF8); });
    if (converted == text.data())
        return text;
    std::string out(converted);
    pfree(const_cast<char *>(converted));
    return out;
}

File::File() {
    pg::call([&] {
        initStringInfo(&buffer_);
        appendStringInfoSpaces(&buffer_, VARHDRSZ);
    });
}

File::~File() { pfree(buffer_.data); }

void File::append(const std::string &text) {
    // A row of the answer must hold the file and its name; PostgreSQL allocates at most 1 GB at once.
    constexpr std::size_t room = MaxAllocSize - 65536;
    if (static_cast<std::size_t>(buffer_.len) + text.size() > room)
        pg::raise(ERRCODE_PROGRAM_LIMIT_EXCEEDED, "a row is larger than a file can be", "A file holds at most 1 GB.",
                  "Take the row along by COPY.");
    pg::call([&] { appendBinaryStringInfo(&buffer_, text.data(), static_cast<int>(text.size())); });
}

pg::Param File::content() noexcept {
    SET_VARSIZE(buffer_.data, buffer_.len);
    return {BYTEAOID, PointerGetDatum(buffer_.data), false};
}

std::string File::sha256() const {
    const cipher::Digest digest = cipher::sha256(cipher::bytes({buffer_.data + VARHDRSZ, size()}));
    std::string hex;
    for (const std::uint8_t byte : digest)
        for (const int half : {byte >> 4, byte & 15})
            hex += "0123456789abcdef"[half];
    return hex;
}

} // namespace gdpr::rights
