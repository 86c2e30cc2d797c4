#include "encrypted/value.hpp"

#include "encrypted/adopt.hpp"
#include "encrypted/literal.hpp"
#include "encrypted/recent.hpp"
#include "key/key.hpp"
#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

[[noreturn]] void corrupted(const char *detail) {
    ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("encrypted value is corrupted"), errdetail("%s", detail)));
    pg_unreachable();
}

/// The key look-ups may throw (they read files); here only PostgreSQL's errors may pass.
key::Loaded &key_for_writing() {
    return *pg::boundary([] { return &key::sealing(); });
}

key::Loaded &key_for_reading(std::uint32_t id) {
    return *pg::boundary([id] { return &key::find(id); });
}

/// Values from this size on are compressed, as TOAST does, if that makes them shorter; up to the largest of which
/// PostgreSQL's methods allocate their room without an error.
constexpr std::size_t compressed_from = 2000, compressed_to = MaxAllocSize / 256 * 254;

/// The bytes of a datum that are sealed: of a variable-length type what follows the length word.
struct Content {
    const std::uint8_t *data;
    std::size_t size;
    Datum scratch;
    struct varlena *whole;      // of a variable-length type
    struct varlena *compressed; // in its place, if not null
};

/// The nonce of the value that was opened last; see seal_of_row.
struct {
    std::uint8_t nonce[cipher::nonce_size];
    bool known = false;
} last_opened;

void content_of(const EncryptedType &type, Datum plain, Content *content) {
    content->whole = content->compressed = nullptr;
    if (type.by_send)
        plain = PointerGetDatum(SendFunctionCall(&type.send, plain));
    if (type.by_send || type.length == -1) {
        auto *value = reinterpret_cast<struct varlena *>(PG_DETOAST_DATUM_PACKED(plain));
        content->data = reinterpret_cast<const std::uint8_t *>(VARDATA_ANY(value));
        content->size = VARSIZE_ANY_EXHDR(value);
        content->whole = value;
    } else if (type.by_value) {
        store_att_byval(&content->scratch, plain, type.length);
        content->data = reinterpret_cast<const std::uint8_t *>(&content->scratch);
        content->size = static_cast<std::size_t>(type.length);
    } else {
        content->data = reinterpret_cast<const std::uint8_t *>(DatumGetPointer(plain));
        content->size = static_cast<std::size_t>(type.length);
    }
}

/// Ciphertext does not compress, so long values are compressed before. The method is default_toast_compression.
void compress(Content *content) {
    if (content->whole == nullptr || content->size < compressed_from || content->size > compressed_to)
        return;
    content->compressed = reinterpret_cast<struct varlena *>(
        DatumGetPointer(toast_compress_datum(PointerGetDatum(content->whole), InvalidCompressionMethod)));
    if (content->compressed == nullptr)
        return;
    content->data = reinterpret_cast<const std::uint8_t *>(content->compressed) + VARHDRSZ;
    content->size = VARSIZE(content->compressed) - VARHDRSZ;
}

void release(const EncryptedType &type, Content *content) {
    if (content->compressed != nullptr)
        pfree(content->compressed);
    if (type.length != -1 && !type.by_send)
        cipher::cleanse(&content->scratch, sizeof content->scratch);
}

/// A nonce for a value that is computed from the one opened last: a function of both, under a key of its own.
void nonce_of_row(key::Loaded &key, const EncryptedType &type, const Content &content, std::uint8_t *nonce) {
    pg::boundary([&] {
        std::uint8_t block[cipher::nonce_size + sizeof type.identity + cipher::digest_size];
        cipher::Digest digest = cipher::sha256({content.data, content.size});
        std::memcpy(block, last_opened.nonce, cipher::nonce_size);
        std::memcpy(block + cipher::nonce_size, &type.identity, sizeof type.identity);
        std::memcpy(block + cipher::nonce_size + sizeof type.identity, digest.data(), digest.size());
        cipher::cleanse(digest.data(), digest.size());
        const cipher::Digest mac = cipher::hmac_sha256(key.nonce_secret(), {block, sizeof block});
        cipher::cleanse(block, sizeof block);
        std::memcpy(nonce, mac.data(), cipher::nonce_size);
    });
}

Parsed parse(const struct varlena *value) {
    Parsed parsed;
    const char *wrong =
        parse({reinterpret_cast<const std::uint8_t *>(VARDATA_ANY(value)), VARSIZE_ANY_EXHDR(value)}, parsed);
    if (wrong != nullptr)
        corrupted(wrong);
    return parsed;
}

void note_opened(const Parsed &parsed) {
    std::memcpy(last_opened.nonce, parsed.header + nonce_at, cipher::nonce_size);
    last_opened.known = true;
}

/// Opens into `out`, which has room for plain_size bytes.
void open_into(const EncryptedType &type, const Parsed &parsed, std::uint8_t *out) {
    note_opened(parsed);
    values_opened++;
    if (!open_bytes(key_for_reading(parsed.key).aead, parsed, type.identity, out))
        corrupted("Its authentication tag is wrong, or it was sealed as another type.");
}

/// As open_into, for values that are likely to be asked for again, or that are compared next.
void open_recent(const EncryptedType &type, const Parsed &parsed, Use use, std::uint8_t *out) {
    if (use == Use::once || parsed.plain_size > longest_recent)
        return open_into(type, parsed, out);
    const SealedId id{type.plain, parsed.header, parsed.header + header_size + parsed.plain_size, parsed.plain_size};
    if (const std::uint8_t *known = use == Use::hashed ? find_hashed(id) : find_recent(id)) {
        std::memcpy(out, known, parsed.plain_size);
        note_opened(parsed);
        return;
    }
    open_into(type, parsed, out);
    use == Use::hashed ? remember_hashed(id, out) : remember(id, out);
}

void check_fixed(const EncryptedType &type, const Parsed &parsed) {
    if (parsed.compressed
            ? !type.by_send && type.length != -1
            : !type.by_send && type.length > 0 && parsed.plain_size != static_cast<std::size_t>(type.length))
        corrupted("Its length is not that of its type.");
}

/// Opens a value that was compressed.
struct varlena *open_compressed(const EncryptedType &type, const Parsed &parsed) {
    if (parsed.plain_size <= sizeof(std::uint32_t))
        corrupted("It is shorter than its header.");
    auto *stored = static_cast<struct varlena *>(palloc(VARHDRSZ + parsed.plain_size));
    SET_VARSIZE_COMPRESSED(stored, VARHDRSZ + parsed.plain_size);
    open_into(type, parsed, reinterpret_cast<std::uint8_t *>(stored) + VARHDRSZ);
    struct varlena *plain = detoast_attr(stored);
    pfree(stored);
    return plain;
}

/// Opens a value that was sealed as its type sends it.
Datum open_sent(const EncryptedType &type, const Parsed &parsed) {
    StringInfoData wire;
    initStringInfo(&wire);
    if (parsed.compressed) {
        struct varlena *sent = open_compressed(type, parsed);
        appendBinaryStringInfo(&wire, VARDATA(sent), static_cast<int>(VARSIZE(sent) - VARHDRSZ));
        pfree(sent);
    } else {
        enlargeStringInfo(&wire, static_cast<int>(parsed.plain_size));
        open_into(type, parsed, reinterpret_cast<std::uint8_t *>(wire.data));
        wire.len = static_cast<int>(parsed.plain_size);
        wire.data[wire.len] = '\0';
    }
    if (type.adopts)
        adopt_type_ids(type.plain, &wire);
    const Datum plain = ReceiveFunctionCall(&type.receive, &wire, type.element_argument, -1);
    pfree(wire.data);
    return plain;
}

/// Reads no more of a value than its header.
Parsed header_of(Datum sealed) {
    auto *value = reinterpret_cast<struct varlena *>(DatumGetPointer(sealed));
    if (VARATT_IS_EXTERNAL(value) || VARATT_IS_COMPRESSED(value))
        value = pg_detoast_datum_slice(value, 0, overhead); // of a value out of line, its first piece
    return parse(value);
}

Datum fetch(const EncryptedType &type, const void *bytes) { return fetch_att(bytes, type.by_value, type.length); }

} // namespace

namespace {

Datum seal(const EncryptedType &type, Datum plain, bool of_row) {
    Content content;
    content_of(type, plain, &content);
    if (const std::string_view text(reinterpret_cast<const char *>(content.data), content.size);
        type.textual && is_literal(text))
        refuse_literal(text);
    compress(&content);
    key::Loaded &key = key_for_writing();

    const std::size_t size = VARHDRSZ + overhead + content.size;
    if (!AllocSizeIsValid(size))
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("value is too long to encrypt"),
                        errdetail("An encrypted value may be at most 1 GB.")));
    auto *sealed = static_cast<struct varlena *>(palloc(size));
    SET_VARSIZE(sealed, size);
    auto *header = reinterpret_cast<std::uint8_t *>(VARDATA(sealed));
    const std::uint8_t version = content.compressed != nullptr ? compressed_version : current_version;
    const std::uint32_t id = key.id;
    header[0] = version;
    std::memcpy(header + 1, &id, sizeof id);
    std::uint8_t *nonce = header + nonce_at;
    const Associated &told = associated(version, id, type.identity);
    const cipher::Bytes plaintext{content.data, content.size};
    bool sealed_well;
    if (of_row && last_opened.known) {
        nonce_of_row(key, type, content, nonce);
        sealed_well = key.aead.seal({nonce, cipher::nonce_size}, told, plaintext, header + header_size);
    } else
        sealed_well = key.aead.seal_anew(nonce, told, plaintext, header + header_size);
    if (!sealed_well)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not encrypt a value"),
                        errdetail("The cryptographic library failed.")));
    release(type, &content);
    return PointerGetDatum(sealed);
}

} // namespace

Datum seal(const EncryptedType &type, Datum plain) { return seal(type, plain, false); }

Datum seal_of_row(const EncryptedType &type, Datum plain) {
    const Datum sealed = seal(type, plain, true);
    last_opened.known = false; // what comes next may have nothing to do with it
    return sealed;
}

Datum open(const EncryptedType &type, Datum sealed) {
    auto *value = reinterpret_cast<struct varlena *>(PG_DETOAST_DATUM_PACKED(sealed));
    const Parsed parsed = parse(value);
    check_fixed(type, parsed);
    Datum result;
    if (type.by_send)
        result = open_sent(type, parsed);
    else if (parsed.compressed)
        result = PointerGetDatum(open_compressed(type, parsed));
    else if (type.length == -1) {
        auto *plain = static_cast<struct varlena *>(palloc(VARHDRSZ + parsed.plain_size));
        SET_VARSIZE(plain, VARHDRSZ + parsed.plain_size);
        open_into(type, parsed, reinterpret_cast<std::uint8_t *>(VARDATA(plain)));
        result = PointerGetDatum(plain);
    } else if (type.by_value) {
        alignas(8) std::uint8_t bytes[sizeof(Datum)];
        if (parsed.plain_size > sizeof bytes)
            corrupted("Its length is not that of its type.");
        open_into(type, parsed, bytes);
        result = fetch(type, bytes);
    } else {
        auto *plain = static_cast<std::uint8_t *>(palloc(parsed.plain_size));
        open_into(type, parsed, plain);
        result = PointerGetDatum(plain);
    }
    if (value != reinterpret_cast<struct varlena *>(DatumGetPointer(sealed)))
        pfree(value);
    return result;
}

Opened::Opened(const EncryptedType &type, Datum sealed, Use use) {
    auto *value = reinterpret_cast<struct varlena *>(PG_DETOAST_DATUM_PACKED(sealed));
    if (value != reinterpret_cast<struct varlena *>(DatumGetPointer(sealed)))
        detoasted_ = value;
    const Parsed parsed = parse(value);
    check_fixed(type, parsed);
    if (type.by_send || parsed.compressed) {
        value_ = type.by_send ? open_sent(type, parsed) : PointerGetDatum(open_compressed(type, parsed));
        large_ = type.by_value ? nullptr : DatumGetPointer(value_);
        return;
    }
    const std::size_t size = parsed.plain_size + (type.length == -1 ? VARHDRSZ : 0);
    char *place = small_;
    if (size > sizeof small_) {
        large_ = palloc(size);
        place = static_cast<char *>(large_);
    }
    if (type.length == -1) {
        SET_VARSIZE(place, size);
        open_recent(type, parsed, use, reinterpret_cast<std::uint8_t *>(VARDATA(place)));
        value_ = PointerGetDatum(place);
    } else {
        open_recent(type, parsed, use, reinterpret_cast<std::uint8_t *>(place));
        value_ = fetch(type, place);
    }
}

void Opened::release() noexcept {
    if (large_ != nullptr)
        pfree(large_);
    if (detoasted_ != nullptr)
        pfree(detoasted_);
}

std::size_t opened_size(const EncryptedType &type, Datum sealed) {
    const Size stored = toast_raw_datum_size(sealed) - VARHDRSZ;
    if (stored < overhead)
        corrupted("It is shorter than its header.");
    return stored - overhead + (type.length == -1 ? VARHDRSZ : 0);
}

Datum open_at(const EncryptedType &type, Datum sealed, char *place) {
    auto *value = reinterpret_cast<struct varlena *>(PG_DETOAST_DATUM_PACKED(sealed));
    const Parsed parsed = parse(value);
    check_fixed(type, parsed);
    auto *content = reinterpret_cast<std::uint8_t *>(place);
    if (type.length == -1) {
        SET_VARSIZE(place, VARHDRSZ + parsed.plain_size);
        content += VARHDRSZ;
    }
    open_into(type, parsed, content);
    if (value != reinterpret_cast<struct varlena *>(DatumGetPointer(sealed)))
        pfree(value);
    return PointerGetDatum(place);
}

std::uint32_t key_of(Datum sealed) { return header_of(sealed).key; }

bool is_compressed(Datum sealed) { return header_of(sealed).compressed; }

Datum reseal(const EncryptedType &type, Datum sealed) { return seal(type, open(type, sealed)); }

} // namespace gdpr::encrypted
