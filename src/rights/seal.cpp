#include "rights/seal.hpp"

#include "pg/pg.hpp"

namespace gdpr::rights {

namespace {

constexpr const char *for_key = "cipher-algo=aes256";
// A passphrase is people's choice, so guessing one must be slow.
constexpr const char *for_passphrase = "cipher-algo=aes256, s2k-mode=3, s2k-cipher-algo=aes256, s2k-count=16777216";

/// A function of pgcrypto, wherever that is installed; nothing else of the name is taken for it.
Oid function_of_pgcrypto(const char *name, int arguments) {
    const pg::OwnerScope scope(pg::gdpr_relation("key"));
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT p.oid FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_depend AS d"
                                  "    ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass"
                                  "   AND d.refobjid = e.oid AND d.deptype = 'e'"
                                  "   AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass"
                                  "  JOIN pg_catalog.pg_proc AS p ON p.oid = d.objid"
                                  " WHERE e.extname = 'pgcrypto' AND p.proname = $1 AND p.pronargs = $2",
                                  {pg::param(name), pg::param(std::int32_t{arguments})}, true);
    if (rows.size() != 1)
        pg::raise(ERRCODE_UNDEFINED_FUNCTION, std::string("pgcrypto has no function ") + name);
    return rows.oid(0, 1);
}

Datum dearmored(Datum public_key) {
    const Oid function = function_of_pgcrypto("dearmor", 1);
    return pg::call([&] { return OidFunctionCall1(function, public_key); });
}

} // namespace

Seal::Seal(std::optional<Datum> public_key, std::optional<Datum> passphrase) {
    if (!public_key && !passphrase)
        return;
    if (public_key && passphrase)
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE,
                  "an export is sealed with a public key or a passphrase, not with both");
    if (passphrase && pg::call([&] { return VARSIZE_ANY_EXHDR(PG_DETOAST_DATUM_PACKED(*passphrase)); }) == 0)
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "passphrase must not be empty");
    const Oid function = function_of_pgcrypto(public_key ? "pgp_pub_encrypt_bytea" : "pgp_sym_encrypt_bytea", 3);
    options_ = pg::text_datum(public_key ? for_key : for_passphrase);
    try {
        key_ = public_key ? dearmored(*public_key) : *passphrase;
        function_ = function;
        (void)(*this)(pg::param_bytes(""));
    } catch (const pg::Error &error) {
        if (!public_key)
            throw;
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "public_key is none that an export can be sealed with",
                  std::string("pgcrypto says: ") + error.what() + ".",
                  "Give an armored OpenPGP public key (gpg --armor --export) that encrypts by RSA or ElGamal.");
    }
}

pg::Param Seal::operator()(const pg::Param &content) const {
    if (!seals())
        return content;
    return {BYTEAOID, pg::call([&] { return OidFunctionCall3(function_, content.value, key_, options_); }), false};
}

} // namespace gdpr::rights
