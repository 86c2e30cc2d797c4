// Casts: each encrypted type goes where its plain type goes, and as easily. Where that makes a call resolve otherwise,
// the overloads put it right.
#include "encrypted/define.hpp"
#include "encrypted/type.hpp"
#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

struct Cast {
    Oid target = InvalidOid;
    char context = 'e';
    char volatility = PROVOLATILE_IMMUTABLE;
    bool binary = false;  // the value is the same
    std::string function; // of one that is told the length, as of integers that become bits
};

class Casts {
  public:
    Casts(pg::Spi &spi, Pair pair)
        : spi_(spi), pair_(pair), plain_(pair.plain), plain_name_(pg::type_name(pair.plain)),
          name_(pg::type_name(pair.encrypted)), base_(pg::bare_type_name(pair.encrypted)) {}

    void out();
    void in();
    void to(Pair other, const Cast &cast);
    std::vector<Cast> targets() const;

  private:
    void create(const std::string &signature, const std::string &result, const std::string &definition,
                const std::string &comment) {
        (void)spi_.run("CREATE FUNCTION " + support_schema() + "." + signature + " RETURNS " + result +
                       " STRICT PARALLEL SAFE " + definition);
        (void)spi_.run("COMMENT ON FUNCTION " + support_schema() + "." + signature + " IS " +
                       pg::quote_literal(comment));
    }
    void cast(const std::string &from, const std::string &to, const std::string &signature, char context) {
        (void)spi_.run("CREATE CAST (" + from + " AS " + to + ") WITH FUNCTION " + support_schema() + "." + signature +
                       (context == 'i'   ? " AS IMPLICIT"
                        : context == 'a' ? " AS ASSIGNMENT"
                                         : ""));
    }

    /// Encrypts `value` by calling the function of the cast from the plain type. A cast written as a cast would be read
    /// back by pg_upgrade before it is there: pg_dump orders functions by the functions they call.
    std::string sealed(Pair pair, const std::string &value) {
        const pg::Rows function =
            spi_.run("SELECT castfunc::pg_catalog.regproc::pg_catalog.text FROM pg_catalog.pg_cast"
                     " WHERE castsource = $1 AND casttarget = $2",
                     {pg::param(OIDOID, ObjectIdGetDatum(pg::call([&] { return getBaseType(pair.plain); }))),
                      pg::param(OIDOID, ObjectIdGetDatum(pair.encrypted))});
        return function.text_or(0, 1) + "(" + value + ")";
    }

    pg::Spi &spi_;
    Pair pair_;
    Oid plain_;
    std::string plain_name_, name_, base_;
};

std::vector<Cast> Casts::targets() const {
    const pg::Rows rows = spi_.run(
        "SELECT c.casttarget, c.castcontext, coalesce(p.provolatile, 'i'), c.castmethod = 'b',"
        "       CASE p.pronargs WHEN 2 THEN pg_catalog.format('%s.%I', p.pronamespace::pg_catalog.regnamespace, p.proname) END"
        "  FROM pg_catalog.pg_cast c LEFT JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc"
        " WHERE c.castsource = $1 AND c.casttarget <> $1 AND c.casttarget NOT IN (SELECT proargtypes[0] FROM pg_catalog.pg_proc WHERE pronamespace = 'gdpr'::pg_catalog.regnamespace AND proname = 'decrypt') ORDER BY 1",
        {pg::param(OIDOID, ObjectIdGetDatum(plain_))});
    // The operators of an extension's type, such as citext, are found by the cast to it. A second implicit one, to
    // text, would be preferred, and LIKE compare by letters what the plain type compares without regard to case: rather
    // an error.
    const bool built_in = plain_ < FirstNormalObjectId;
    std::vector<Cast> out;
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const char context = rows.text_or(row, 2)[0];
        out.push_back({rows.oid(row, 1), context == 'i' && !built_in ? 'a' : context, rows.text_or(row, 3)[0],
                       rows.boolean(row, 4), rows.text_or(row, 5)});
    }
    return out;
}

void Casts::out() {
    char own = 'e';
    for (const Cast &each : targets()) {
        if (each.target == JSONOID) {
            own = each.context;
            continue;
        }
        const std::string target = pg::type_name(each.target);
        const bool told = !each.function.empty();
        const std::string signature =
            pg::quote("decrypt_as_" + pg::bare_type_name(each.target)) + "(" + name_ + (told ? ", integer)" : ")");
        create(signature, target,
               each.binary ? std::string("LANGUAGE C IMMUTABLE AS '$libdir/gdpr', 'gdpr_decrypt'")
                           : std::string("LANGUAGE sql ") +
                                 (each.volatility == PROVOLATILE_IMMUTABLE ? "IMMUTABLE" : "STABLE") + " RETURN " +
                                 (told ? each.function + "(gdpr.decrypt($1), $2)" : "gdpr.decrypt($1)::" + target),
               "The plaintext of an encrypted value, cast.");
        cast(name_, target, signature, each.context);
    }
    // By it to_jsonb(row) and its kin keep numbers and documents; written out it is refused, as of the plain type.
    // Strings are JSON as they are, by their output.
    if (is_textual(plain_) || plain_ == JSONOID)
        return;
    const std::string signature = pg::quote(base_ + "_to_json") + "(" + name_ + ")";
    create(signature, "json", "LANGUAGE C STABLE AS '$libdir/gdpr', 'gdpr_encrypted_to_json'",
           "The plaintext as JSON, as to_json gives it.");
    cast(name_, "json", signature, own);
}

void Casts::in() {
    const pg::Rows rows = spi_.run(
        "SELECT c.castsource, c.castcontext FROM pg_catalog.pg_cast c"
        "  JOIN pg_catalog.pg_type t ON t.oid = c.castsource AND t.typcategory <> 'Z'" // internal types
        " WHERE c.casttarget = $1 AND c.castsource <> $1 AND c.castsource NOT IN (SELECT proargtypes[0] FROM pg_catalog.pg_proc WHERE pronamespace = 'gdpr'::pg_catalog.regnamespace AND proname = 'decrypt') AND c.castcontext <> 'e' ORDER BY 1",
        {pg::param(OIDOID, ObjectIdGetDatum(plain_))});
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const std::string source = pg::type_name(rows.oid(row, 1));
        const std::string signature = pg::quote(base_) + "(" + source + ")";
        create(signature, name_, "LANGUAGE sql VOLATILE RETURN " + sealed(pair_, "$1::" + plain_name_),
               "Encrypts a value of another type after casting it.");
        cast(source, name_, signature, rows.text_or(row, 2)[0]);
    }
}

void Casts::to(Pair other, const Cast &each) {
    const std::string target = pg::type_name(other.encrypted), base = pg::bare_type_name(other.encrypted);
    const std::string signature = pg::quote(base) + "(" + name_ + ")";
    create(signature, target,
           "LANGUAGE sql VOLATILE RETURN " + sealed(other, "gdpr.decrypt($1)::" + pg::type_name(other.plain)),
           "Encrypts the plaintext of another encrypted type anew.");
    cast(name_, target, signature, each.context);
}

} // namespace

std::string support_schema() { return creating_extension ? "gdpr" : "pg_catalog"; }

std::vector<Pair> encrypted_types(pg::Spi &spi) {
    const pg::Rows rows =
        spi.run("SELECT prorettype, proargtypes[0] FROM pg_catalog.pg_proc"
                " WHERE pronamespace = 'gdpr'::pg_catalog.regnamespace AND proname = 'decrypt' ORDER BY 1");
    std::vector<Pair> out;
    for (std::uint64_t row = 0; row < rows.size(); row++)
        out.push_back({rows.oid(row, 1), rows.oid(row, 2)});
    return out;
}

bool is_textual(Oid plain) {
    return pg::call([&] { return TypeCategory(plain); }) == TYPCATEGORY_STRING;
}

void define_casts(pg::Spi &spi, const Types &plains) {
    const std::vector<Pair> all = encrypted_types(spi);
    const auto is_new = [&](Oid plain) { return std::find(plains.begin(), plains.end(), plain) != plains.end(); };
    // Between encrypted types first: afterwards the catalog holds casts from plain to encrypted types as well.
    for (const Pair &from : all) {
        Casts casts(spi, from);
        for (const Cast &each : casts.targets())
            for (const Pair &to : all)
                if (to.plain == each.target && (is_new(from.plain) || is_new(to.plain)))
                    casts.to(to, each);
    }
    for (const Pair &each : all)
        if (is_new(each.plain)) {
            Casts casts(spi, each);
            casts.out();
            casts.in();
        }
}

} // namespace gdpr::encrypted
