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

/// The bytes of a datum that are sealed: of a variable-length type what follows the length word.
struct Content {
    const std::uint8_t *data;
    std::size_t size;
    Datum scratch;
};

void content_of(const EncryptedType &type, Datum plain, Content *content) {
    if (type.by_send)
        plain = PointerGetDatum(SendFunctionCall(&type.send, plain));
    if (type.by_send || type.length == -1) {
        const auto *value = reinterpret_cast<struct varlena *>(PG_DETOAST_DATUM_PACKED(plain));
        content->data = reinterpret_cast<const std::uint8_t *>(VARDATA_ANY(value));
        content->size = VARSIZE_ANY_EXHDR(value);
    } else if (type.by_value) {
        store_att_byval(&content->scratch, plain, type.length);
        content->data = reinterpret_cast<const std::uint8_t *>(&content->scratch);
        content->size = static_cast<std::size_t>(type.length);
    } else {
        content->data = reinterpret_cast<const std::uint8_t *>(DatumGetPointer(plain));
        content->size = static_cast<std::size_t>(type.length);
    }
}

Parsed parse(const struct varlena *value) {
    Parsed parsed;
    const char *wrong =
        parse({reinterpret_cast<const std::uint8_t *>(VARDATA_ANY(value)), VARSIZE_ANY_EXHDR(value)}, parsed);
    if (wrong != nullptr)
        corrupted(wrong);
    return parsed;
}

/// Opens into `out`, which has room for plain_size bytes.
void open_into(const EncryptedType &type, const Parsed &parsed, std::uint8_t *out) {
    if (!open_bytes(key_for_reading(parsed.key).aead, parsed, type.identity, out))
        corrupted("Its authentication tag is wrong, or it was sealed as another type.");
}

/// As open_into, for values that are likely to be asked for again.
void open_recent(const EncryptedType &type, const Parsed &parsed, std::uint8_t *out) {
    if (parsed.plain_size > longest_recent)
        return open_into(type, parsed, out);
    const SealedId id{type.plain, parsed.header, parsed.header + header_size + parsed.plain_size, parsed.plain_size};
    if (const std::uint8_t *known = find_recent(id)) {
        std::memcpy(out, known, parsed.plain_size);
        return;
    }
    open_into(type, parsed, out);
    remember(id, out);
}

void check_fixed(const EncryptedType &type, const Parsed &parsed) {
    if (!type.by_send && type.length > 0 && parsed.plain_size != static_cast<std::size_t>(type.length))
        corrupted("Its length is not that of its type.");
}

/// Opens a value that was sealed as its type sends it.
Datum open_sent(const EncryptedType &type, const Parsed &parsed) {
    StringInfoData wire;
    initStringInfo(&wire);
    enlargeStringInfo(&wire, static_cast<int>(parsed.plain_size));
    open_into(type, parsed, reinterpret_cast<std::uint8_t *>(wire.data));
    wire.len = static_cast<int>(parsed.plain_size);
    wire.data[wire.len] = '\0';
    if (type.adopts)
        adopt_type_ids(type.plain, &wire);
    const Datum plain = ReceiveFunctionCall(&type.receive, &wire, type.element_argument, -1);
    pfree(wire.data);
    return plain;
}

Datum fetch(const EncryptedType &type, const void *bytes) { return fetch_att(bytes, type.by_value, type.length); }

} // namespace

Datum seal(const EncryptedType &type, Datum plain) {
    Content content;
    content_of(type, plain, &content);
    if (type.textual)
        refuse_literal({reinterpret_cast<const char *>(content.data), content.size});
    key::Loaded &key = key_for_writing();

    const std::size_t size = VARHDRSZ + overhead + content.size;
    if (!AllocSizeIsValid(size))
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("value is too long to encrypt"),
                        errdetail("An encrypted value may be at most 1 GB.")));
    auto *sealed = static_cast<struct varlena *>(palloc(size));
    SET_VARSIZE(sealed, size);
    auto *header = reinterpret_cast<std::uint8_t *>(VARDATA(sealed));
    header[0] = current_version;
    const std::uint32_t id = key.id;
    std::memcpy(header + 1, &id, sizeof id);
    if (!key.aead.seal_anew(header + nonce_at, Associated(header, type.identity), {content.data, content.size},
                            header + header_size))
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not encrypt a value"),
                        errdetail("The cryptographic library failed.")));
    if (type.length != -1 && !type.by_send)
        cipher::cleanse(&content.scratch, sizeof content.scratch);
    return PointerGetDatum(sealed);
}

Datum open(const EncryptedType &type, Datum sealed) {
    auto *value = reinterpret_cast<struct varlena *>(PG_DETOAST_DATUM_PACKED(sealed));
    const Parsed parsed = parse(value);
    check_fixed(type, parsed);
    Datum result;
    if (type.by_send)
        result = open_sent(type, parsed);
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
    const auto into = use == Use::again ? open_recent : open_into;
    auto *value = reinterpret_cast<struct varlena *>(PG_DETOAST_DATUM_PACKED(sealed));
    if (value != reinterpret_cast<struct varlena *>(DatumGetPointer(sealed)))
        detoasted_ = value;
    const Parsed parsed = parse(value);
    check_fixed(type, parsed);
    if (type.by_send) {
        value_ = open_sent(type, parsed);
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
        into(type, parsed, reinterpret_cast<std::uint8_t *>(VARDATA(place)));
        value_ = PointerGetDatum(place);
    } else {
        into(type, parsed, reinterpret_cast<std::uint8_t *>(place));
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

std::uint32_t key_of(Datum sealed) {
    auto *value = reinterpret_cast<struct varlena *>(DatumGetPointer(sealed));
    if (VARATT_IS_EXTERNAL(value) || VARATT_IS_COMPRESSED(value))
        value = pg_detoast_datum_slice(value, 0, overhead); // of a value out of line, its first piece
    return parse(value).key;
}

Datum reseal(const EncryptedType &type, Datum sealed) { return seal(type, open(type, sealed)); }

} // namespace gdpr::encrypted
