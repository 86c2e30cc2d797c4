#include "rights/file.hpp"

#include "cipher/cipher.hpp"
#include "pg/pg.hpp"

namespace gdpr::rights {

File::File() {
    pg::call([&] {
        initStringInfo(&buffer_);
        appendStringInfoSpaces(&buffer_, VARHDRSZ);
    });
}

File::~File() { pfree(buffer_.data); }

void File::append(const std::string &text) {
    const int length = static_cast<int>(text.size());
    const char *utf8 = pg::call([&] { return pg_server_to_any(text.data(), length, PG_UTF8); });
    const std::size_t more = utf8 == text.data() ? text.size() : std::strlen(utf8);
    // A row of the answer must hold the file and its name; PostgreSQL allocates at most 1 GB at once.
    constexpr std::size_t room = MaxAllocSize - 65536;
    if (static_cast<std::size_t>(buffer_.len) + more > room)
        pg::raise(ERRCODE_PROGRAM_LIMIT_EXCEEDED, "a row is larger than a file can be", "A file holds at most 1 GB.",
                  "Take the row along by COPY.");
    pg::call([&] { appendBinaryStringInfo(&buffer_, utf8, static_cast<int>(more)); });
    if (utf8 != text.data())
        pfree(const_cast<char *>(utf8));
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
