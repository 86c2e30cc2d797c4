// Writes the SQL that makes an encrypted type, its input and output, and the casts that bind it to its plain type, all
// derived from what the catalogs say of the plain type.
#include "encrypted/define.hpp"
#include "encrypted/type.hpp"
#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

void comment(pg::Spi &spi, const std::string &object, const std::string &text) {
    (void)spi.run("COMMENT ON " + object + " IS " + pg::quote_literal(text));
}

} // namespace

Definition::Definition(Oid plain, const std::string &base)
    : plain(plain), operand(pg::call([&] { return operand_of(plain); })), base(base), name("gdpr." + pg::quote(base)),
      plain_name(pg::type_name(plain)), schema(support_schema()) {}

void define_function(pg::Spi &spi, const std::string &signature, const std::string &result, const std::string &symbol,
                     const std::string &properties, const std::string &text) {
    (void)spi.run("CREATE FUNCTION " + signature + " RETURNS " + result + " AS '$libdir/gdpr', '" + symbol +
                  "' LANGUAGE C STRICT PARALLEL SAFE " + properties);
    comment(spi, "FUNCTION " + signature, text);
}

void define_type(pg::Spi &spi, const Definition &type) {
    const pg::Rows rows = spi.run(
        "SELECT typmodin, typmodout, typcategory, typcollation <> 0, typmodin <> 0, typsubscript <> 0 AND typelem = 0 FROM pg_catalog.pg_type WHERE oid = $1",
        {pg::param(OIDOID, ObjectIdGetDatum(type.plain))});
    const auto function = [&](const std::string &name, const std::string &arguments, const std::string &result,
                              const char *symbol, const char *properties, const char *text) {
        const std::string qualified = "gdpr." + pg::quote(type.base + name);
        define_function(spi, qualified + "(" + arguments + ")", result, symbol, properties, text);
        return qualified;
    };
    (void)spi.run("CREATE TYPE " + type.name);
    std::string options =
        "INPUT = " +
        function("_in", "cstring, oid, integer", type.name, "gdpr_encrypted_in", "STABLE", "Encrypts the text form.") +
        ", OUTPUT = " +
        function("_out", type.name, "cstring", "gdpr_encrypted_out", "STABLE",
                 "The plaintext, or a ciphertext literal: see gdpr.output.") +
        ", RECEIVE = " +
        function("_recv", "internal, oid, integer", type.name, "gdpr_encrypted_recv", "STABLE",
                 "Encrypts the binary form.") +
        ", SEND = " +
        function("_send", type.name, "bytea", "gdpr_encrypted_send", "STABLE", "The plaintext's binary form.") +
        ", INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = external, CATEGORY = " +
        pg::quote_literal(rows.text_or(0, 3));
    if (rows.boolean(0, 5))
        options += ", TYPMOD_IN = " + rows.text_or(0, 1) + ", TYPMOD_OUT = " +
                   function("_typmodout", "integer", "cstring", "gdpr_encrypted_typmodout", "IMMUTABLE",
                            "Length or precision as text.");
    if (rows.boolean(0, 4))
        options += ", COLLATABLE = true";
    options += ", ANALYZE = " + function("_typanalyze", "internal", "boolean", "gdpr_typanalyze", "VOLATILE",
                                         "Gathers statistics, which stay encrypted.");
    if (rows.boolean(0, 6))
        options += ", SUBSCRIPT = " + function("_subscript", "internal", "internal", "gdpr_subscript", "IMMUTABLE",
                                               "Reads and assigns parts of an encrypted document.");
    (void)spi.run("CREATE TYPE " + type.name + " (" + options + ")");
    comment(spi, "TYPE " + type.name, "A value of type " + type.plain_name + " that is stored encrypted.");

    define_function(spi, "gdpr." + pg::quote(type.base) + "(" + type.plain_name + ")", type.name, "gdpr_encrypt",
                    "VOLATILE", "Encrypts a value; each call gives another ciphertext.");
    // What it gives always compares equal, and of the same row it is the same.
    define_function(spi, "gdpr.sealed(" + type.plain_name + ")", type.name, "gdpr_sealed", "IMMUTABLE",
                    "Encrypts a value, in an index expression or a generated column.");
    // Else a value that goes to several plain types by itself would be taken for another: numeric for double precision.
    define_function(spi, "gdpr.sealed(" + type.name + ")", type.name, "gdpr_sealed_again", "IMMUTABLE",
                    "The same of an encrypted value.");
    define_function(spi, "gdpr.decrypt(" + type.name + ")", type.plain_name, "gdpr_decrypt", "IMMUTABLE",
                    "The plaintext of an encrypted value.");
}

void define_own_casts(pg::Spi &spi, const Definition &type) {
    const auto qualified = [&](const char *suffix) { return type.schema + "." + pg::quote(type.base + suffix); };
    // Of a domain PostgreSQL casts the type below.
    const Oid base = pg::call([&] { return getBaseType(type.plain); });
    const std::string outside = pg::type_name(base);
    (void)spi.run("CREATE CAST (" + type.name + " AS " + outside + ") WITH FUNCTION gdpr.decrypt(" + type.name +
                  ") AS IMPLICIT");
    // A restore may make this cast before the function that people call.
    std::string encrypt = qualified("_cast") + "(" + type.plain_name + ")";
    define_function(spi, encrypt, type.name, "gdpr_encrypt", "VOLATILE", "Encrypts a value: the cast.");
    if (base != type.plain) {
        encrypt = qualified("_cast") + "(" + outside + ")";
        (void)spi.run("CREATE FUNCTION " + encrypt + " RETURNS " + type.name +
                      " LANGUAGE sql STRICT PARALLEL SAFE VOLATILE RETURN " + qualified("_cast") +
                      "($1::" + type.plain_name + ")");
        comment(spi, "FUNCTION " + encrypt, "Encrypts a value that the domain takes: the cast.");
    }
    // What has no operators of its own, a varchar, needs one to be the end of a foreign key.
    const bool goes = creating_extension && type.operand != type.plain;
    (void)spi.run("CREATE CAST (" + outside + " AS " + type.name + ") WITH FUNCTION " + encrypt +
                  (goes ? " AS IMPLICIT" : " AS ASSIGNMENT"));
    if (pg::call([&] {
            Oid resize;
            return find_typmod_coercion_function(type.plain, &resize) == COERCION_PATH_FUNC;
        })) {
        const std::string resize = qualified("_resize") + "(" + type.name + ", integer, boolean)";
        define_function(spi, resize, type.name, "gdpr_encrypted_resize", "IMMUTABLE",
                        "Applies a length or precision to an encrypted value.");
        (void)spi.run("CREATE CAST (" + type.name + " AS " + type.name + ") WITH FUNCTION " + resize + " AS IMPLICIT");
    }
}

} // namespace gdpr::encrypted

using namespace gdpr;

GDPR_FUNCTION(gdpr_define_encrypted_types) {
    pg::Spi spi;
    std::vector<encrypted::Definition> types;
    encrypted::Types plains;
    const pg::Rows rows =
        spi.run("SELECT pg_catalog.unnest($1::pg_catalog.regtype[])", {pg::param(REGTYPEARRAYOID, PG_GETARG_DATUM(0))});
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        plains.push_back(rows.oid(row, 1));
        types.emplace_back(plains.back(), "encrypted_" + pg::bare_type_name(plains.back()));
    }
    for (const encrypted::Definition &type : types) {
        encrypted::define_type(spi, type);
        encrypted::define_own_casts(spi, type);
    }
    for (const encrypted::Definition &type : types)
        encrypted::define_operators(spi, type);
    for (const encrypted::Definition &type : types)
        if (OidIsValid(pg::call([&] { return GetDefaultOpClass(type.plain, BTREE_AM_OID); })))
            encrypted::define_searches(spi, type.plain);
    // Once, when all types are there: an expression may hold several of them.
    encrypted::define_overloads(spi, plains);
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_encrypted_type) {
    const Oid counterpart = encrypted::encrypted_counterpart(PG_GETARG_OID(0));
    if (!OidIsValid(counterpart))
        PG_RETURN_NULL();
    PG_RETURN_OID(counterpart);
}
