// gdpr.consent_proof(): that a person consented, as one document that can be checked later (Art. 7(1)).
#include "audit/audit.hpp"
#include "consent/purpose.hpp"
#include "key/key.hpp"
#include "pg/pg.hpp"
#include "subject/person.hpp"

namespace gdpr::consent {

namespace {

/// Everything but the seal. The text of a jsonb is canonical: the same document has the same bytes.
const char *const document =
    "WITH events AS MATERIALIZED (SELECT e.id, e.given, e.at, e.until, e.role, e.evidence::pg_catalog.jsonb AS evidence,"
    "       pg_catalog.encode(e.wording_sha256, 'hex') AS wording_sha256"
    "  FROM gdpr.consent_event AS e WHERE e.subject_table = $1 AND e.key = $2 AND e.purpose = $3)"
    "SELECT pg_catalog.jsonb_build_object('kind', 'proof of consent', 'version', 1,"
    "   'subject', pg_catalog.jsonb_build_object('table', $4, 'key', $2),"
    "   'purpose', (SELECT pg_catalog.jsonb_build_object('name', p.name, 'description', p.description)"
    "                 FROM gdpr.purpose AS p WHERE p.name = $3),"
    "   'controller', (SELECT pg_catalog.jsonb_build_object('name', c.name, 'contact', c.contact)"
    "                    FROM gdpr.controller AS c),"
    "   'consent', pg_catalog.to_jsonb(g),"
    "   'in_force', (SELECT n.given AND (n.until IS NULL OR n.until > pg_catalog.now())"
    "                  FROM events AS n ORDER BY n.id DESC LIMIT 1),"
    "   'history', (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(h) ORDER BY h.id) FROM events AS h),"
    "   'issued_at', pg_catalog.now(), 'issued_by', SESSION_USER)"
    "  FROM events AS g WHERE g.given ORDER BY g.id DESC LIMIT 1";

std::string hex(const cipher::Digest &digest) {
    std::string text;
    for (const std::uint8_t byte : digest) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

std::string seal_of(const key::Loaded &key, const std::string &text) {
    return hex(cipher::hmac_sha256(key.secret, cipher::bytes("consent proof\n" + text)));
}

std::string text_of(Datum document) {
    return pg::call([&] { return DatumGetCString(DirectFunctionCall1(jsonb_out, document)); });
}

/// A member, as text; empty where it is no string.
std::string member(Jsonb *object, const char *name) {
    return pg::to_string(pg::call([&] {
        JsonbValue found;
        const bool there =
            JB_ROOT_IS_OBJECT(object) &&
            getKeyJsonValueFromContainer(&object->root, name, static_cast<int>(std::strlen(name)), &found) != nullptr &&
            found.type == jbvString;
        return there ? PointerGetDatum(cstring_to_text_with_len(found.val.string.val, found.val.string.len))
                     : PointerGetDatum(cstring_to_text(""));
    }));
}

/// In a time that does not tell where they differ.
bool same(const std::string &one, const std::string &other) {
    unsigned difference = one.size() != other.size();
    for (std::size_t i = 0; i < std::min(one.size(), other.size()); i++)
        difference |= static_cast<unsigned char>(one[i]) ^ static_cast<unsigned char>(other[i]);
    return difference == 0;
}

/// The key that a seal names, if it is one that seals.
const key::Loaded *key_named(const std::string &name) {
    if (name.size() != 8 || name.find_first_not_of("0123456789abcdef") != std::string::npos)
        return nullptr;
    const auto id = static_cast<std::uint32_t>(std::stoul(name, nullptr, 16));
    try {
        const key::Loaded &key = key::find(id);
        return key.use == key::Use::seal ? &key : nullptr;
    } catch (const pg::Error &error) {
        if (error.data() != nullptr) // PostgreSQL's own: the transaction is doomed
            throw;
        return nullptr;
    }
}

} // namespace

} // namespace gdpr::consent

using namespace gdpr;

GDPR_FUNCTION(gdpr_consent_proof) {
    pg::require_role("gdpr_officer", "make out a proof of consent");
    const subject::Subject subject = subject::person_argument(fcinfo);
    const std::string purpose = pg::to_string(PG_GETARG_DATUM(2));
    consent::require_purpose(purpose);
    Datum document = 0;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("consent_event"));
        const pg::PinnedFormats formats;
        pg::Spi spi;
        const pg::Rows rows =
            spi.run(consent::document, {pg::param_oid(subject.table), pg::param(subject.key), pg::param(purpose),
                                        pg::param(pg::relation_name(subject.table))});
        if (rows.empty())
            pg::raise(ERRCODE_NO_DATA_FOUND, "this person never consented to the purpose", "",
                      "Check the key, and gdpr.consent_event.");
        document = spi.keep(*rows.datum(0, 1), JSONBOID);
    }
    const key::Loaded &key = key::active(key::Use::seal);
    char name[16];
    pg_snprintf(name, sizeof name, "%08x", key.id);
    const std::string seal = std::string(R"({"seal": {"algorithm": "HMAC-SHA256", "key": ")") + name +
                             R"(", "hmac": ")" + consent::seal_of(key, consent::text_of(document)) + "\"}}";
    audit::record(subject, "consent_proof", purpose);
    return pg::call([&] {
        return DirectFunctionCall2(jsonb_concat, document,
                                   DirectFunctionCall1(jsonb_in, CStringGetDatum(seal.c_str())));
    });
}

GDPR_FUNCTION(gdpr_verify_consent_proof) {
    Jsonb *proof = pg::call([&] { return PG_GETARG_JSONB_P(0); });
    if (!JB_ROOT_IS_OBJECT(proof))
        PG_RETURN_BOOL(false);
    Jsonb *seal = pg::call([&] {
        JsonbValue found;
        return getKeyJsonValueFromContainer(&proof->root, "seal", 4, &found) != nullptr && found.type == jbvBinary
                   ? JsonbValueToJsonb(&found)
                   : nullptr;
    });
    if (seal == nullptr)
        PG_RETURN_BOOL(false);
    const key::Loaded *key = consent::key_named(consent::member(seal, "key"));
    const Datum rest = pg::call([&] {
        return DirectFunctionCall2(jsonb_delete, JsonbPGetDatum(proof), PointerGetDatum(cstring_to_text("seal")));
    });
    const std::string given = consent::member(seal, "hmac");
    const std::string right = key == nullptr ? "" : consent::seal_of(*key, consent::text_of(rest));
    PG_RETURN_BOOL(key != nullptr && consent::same(given, right));
}
