// Writes the SQL that makes an encrypted type: the type, its casts, operators and operator classes, all
// derived from what the catalogs say of the plain type.
#include "encrypted/define.hpp"
#include "encrypted/type.hpp"
#include "pg/pg.hpp"

using namespace gdpr;

namespace {

class Definition {
  public:
    explicit Definition(Oid plain);
    void run();

  private:
    void execute(const std::string &sql) { (void)spi_.run(sql); }
    void comment(const std::string &object, const std::string &text) {
        execute("COMMENT ON " + object + " IS " + pg::quote_literal(text));
    }
    /// A C function of the extension, executable by everyone: what it reveals is what the column's privileges allow.
    void function(const std::string &signature, const std::string &result, const std::string &symbol,
                  const std::string &properties, const std::string &text);
    void type();
    void casts();
    void operators();
    void btree();
    void hash();
    /// The pairs of types whose operators this definition adds: itself, its operand, its siblings.
    struct Pairing {
        std::string left, right, suffix;
        bool joins = true; // by merge and by hash: then the plain pair must be in the family too
    };
    std::vector<Pairing> pairings() const;
    std::string cross_operators(bool equality_only) const;
    std::string in_range();

    pg::Spi spi_;
    Oid plain_;
    Oid operand_;         // what the plain type's operator class compares: varchar compares as text
    std::string sibling_; // the encrypted type of that operand, when it is another one: it shares the family
    std::string base_;
    std::string plain_name_, operand_name_, name_, family_;
    bool ordered_, hashed_;
};

struct Strategy {
    const char *symbol;
    const char *word;
    int number;
    const char *commutator;
    const char *negator;
};

constexpr Strategy strategies[] = {{"<", "lt", 1, ">", ">="},  {"<=", "le", 2, ">=", ">"}, {"=", "eq", 3, "=", "<>"},
                                   {">=", "ge", 4, "<=", "<"}, {">", "gt", 5, "<", "<="},  {"<>", "ne", 0, "<>", "="}};

Oid family_of(Oid type, Oid method) {
    return pg::call([&] {
        const Oid opclass = GetDefaultOpClass(type, method);
        return OidIsValid(opclass) ? get_opclass_family(opclass) : InvalidOid;
    });
}

Oid operand_of(Oid type) {
    return pg::call([&] {
        const Oid opclass = GetDefaultOpClass(type, BTREE_AM_OID);
        return OidIsValid(opclass) ? get_opclass_input_type(opclass) : type;
    });
}

Definition::Definition(Oid plain)
    : plain_(plain), operand_(operand_of(plain)), base_("encrypted_" + pg::bare_type_name(plain)),
      plain_name_(pg::type_name(plain)), operand_name_(pg::type_name(operand_)), name_("gdpr." + pg::quote(base_)),
      ordered_(OidIsValid(family_of(plain, BTREE_AM_OID))), hashed_(OidIsValid(family_of(plain, HASH_AM_OID))) {}

void Definition::run() {
    type();
    casts();
    if (!ordered_)
        return;
    if (operand_ != plain_)
        sibling_ = "gdpr." + pg::quote("encrypted_" + pg::bare_type_name(operand_));
    family_ = "gdpr." + pg::quote("encrypted_" + pg::bare_type_name(operand_) + "_ops");
    operators();
    btree();
    if (hashed_)
        hash();
}

void Definition::function(const std::string &signature, const std::string &result, const std::string &symbol,
                          const std::string &properties, const std::string &text) {
    execute("CREATE FUNCTION gdpr." + signature + " RETURNS " + result + " AS '$libdir/gdpr', '" + symbol +
            "' LANGUAGE C STRICT PARALLEL SAFE " + properties);
    comment("FUNCTION gdpr." + signature, text);
}

void Definition::type() {
    const pg::Rows rows = spi_.run(
        "SELECT typmodin, typmodout, typcategory, typcollation <> 0, typmodin <> 0, typsubscript <> 0 FROM pg_catalog.pg_type WHERE oid = $1",
        {pg::param(OIDOID, ObjectIdGetDatum(plain_))});
    const std::string input = pg::quote(base_ + "_in"), output = pg::quote(base_ + "_out"),
                      receive = pg::quote(base_ + "_recv"), send = pg::quote(base_ + "_send");
    execute("CREATE TYPE " + name_);
    function(input + "(cstring, oid, integer)", name_, "gdpr_encrypted_in", "STABLE", "Encrypts the text form.");
    function(output + "(" + name_ + ")", "cstring", "gdpr_encrypted_out", "STABLE",
             "The plaintext, or a ciphertext literal: see gdpr.output.");
    function(receive + "(internal, oid, integer)", name_, "gdpr_encrypted_recv", "STABLE", "Encrypts the binary form.");
    function(send + "(" + name_ + ")", "bytea", "gdpr_encrypted_send", "STABLE", "The plaintext's binary form.");
    std::string options = "INPUT = gdpr." + input + ", OUTPUT = gdpr." + output + ", RECEIVE = gdpr." + receive +
                          ", SEND = gdpr." + send +
                          ", INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = external, CATEGORY = " +
                          pg::quote_literal(rows.text_or(0, 3));
    if (rows.boolean(0, 5)) {
        const std::string typmod = pg::quote(base_ + "_typmodout");
        function(typmod + "(integer)", "cstring", "gdpr_encrypted_typmodout", "IMMUTABLE",
                 "Length or precision as text.");
        options += ", TYPMOD_IN = " + rows.text_or(0, 1) + ", TYPMOD_OUT = gdpr." + typmod;
    }
    if (rows.boolean(0, 4))
        options += ", COLLATABLE = true";
    const std::string analyze = pg::quote(base_ + "_typanalyze");
    function(analyze + "(internal)", "boolean", "gdpr_typanalyze", "VOLATILE",
             "Gathers statistics, which stay encrypted.");
    options += ", ANALYZE = gdpr." + analyze;
    if (rows.boolean(0, 6)) {
        const std::string subscript = pg::quote(base_ + "_subscript");
        function(subscript + "(internal)", "internal", "gdpr_subscript", "IMMUTABLE",
                 "Reads and assigns parts of an encrypted document.");
        options += ", SUBSCRIPT = gdpr." + subscript;
    }
    execute("CREATE TYPE " + name_ + " (" + options + ")");
    comment("TYPE " + name_, "A value of type " + plain_name_ + " that is stored encrypted.");
}

void Definition::casts() {
    function("decrypt(" + name_ + ")", plain_name_, "gdpr_decrypt", "IMMUTABLE",
             "The plaintext of an encrypted value.");
    function(pg::quote(base_) + "(" + plain_name_ + ")", name_, "gdpr_encrypt", "VOLATILE",
             "Encrypts a value; each call gives another ciphertext.");
    // What it gives always compares equal, and that is all that an index or a generated column needs.
    function("sealed(" + plain_name_ + ")", name_, "gdpr_encrypt", "IMMUTABLE",
             "Encrypts a value, in an index expression or a generated column.");
    execute("CREATE CAST (" + name_ + " AS " + plain_name_ + ") WITH FUNCTION gdpr.decrypt(" + name_ + ") AS IMPLICIT");
    execute("CREATE CAST (" + plain_name_ + " AS " + name_ + ") WITH FUNCTION gdpr." + pg::quote(base_) + "(" +
            plain_name_ + ") AS ASSIGNMENT");
    if (pg::call([&] {
            Oid resize;
            return find_typmod_coercion_function(plain_, &resize) == COERCION_PATH_FUNC;
        })) {
        const std::string resize = pg::quote(base_ + "_resize") + "(" + name_ + ", integer, boolean)";
        function(resize, name_, "gdpr_encrypted_resize", "IMMUTABLE",
                 "Applies a length or precision to an encrypted value.");
        execute("CREATE CAST (" + name_ + " AS " + name_ + ") WITH FUNCTION gdpr." + resize + " AS IMPLICIT");
    }
}

std::vector<Definition::Pairing> Definition::pairings() const {
    std::vector<Pairing> out{{name_, name_, "both"}, {name_, operand_name_, "left"}, {operand_name_, name_, "right"}};
    if (!sibling_.empty()) {
        out.push_back({name_, sibling_, "both"});
        out.push_back({sibling_, name_, "both"});
    }
    // name = CURRENT_USER: text has operators of its own for that.
    if (operand_ == TEXTOID) {
        out.push_back({name_, "pg_catalog.name", "left_name", false});
        out.push_back({"pg_catalog.name", name_, "right_name", false});
    }
    return out;
}

void Definition::operators() {
    for (const auto &[left, right, suffix, joins] : pairings()) {
        const std::string arguments = "(" + left + ", " + right + ")";
        function(pg::quote(base_ + "_compare") + arguments, "integer", "gdpr_compare_" + suffix, "IMMUTABLE",
                 "Order of two values by their plaintext: negative, zero or positive.");
        for (const Strategy &each : strategies) {
            const pg::Rows like = spi_.run(
                "SELECT p.proleakproof, o.oprrest::text, o.oprjoin::text"
                "  FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode"
                " WHERE o.oprname = $1 AND o.oprleft = $2 AND o.oprright = $2 AND o.oprnamespace = 11",
                {pg::param(NAMEOID,
                           pg::call([&] { return DirectFunctionCall1(namein, CStringGetDatum(each.symbol)); })),
                 pg::param(OIDOID, ObjectIdGetDatum(operand_))});
            const std::string procedure = pg::quote(base_ + "_" + each.word);
            function(procedure + arguments, "boolean", "gdpr_" + std::string(each.word) + "_" + suffix,
                     like.boolean(0, 1) ? "IMMUTABLE LEAKPROOF" : "IMMUTABLE",
                     "Compares two values by their plaintext.");
            std::string options = "FUNCTION = gdpr." + procedure + ", LEFTARG = " + left + ", RIGHTARG = " + right +
                                  ", COMMUTATOR = OPERATOR(pg_catalog." + each.commutator +
                                  "), NEGATOR = OPERATOR(pg_catalog." + each.negator +
                                  "), RESTRICT = " + like.text_or(0, 2) + ", JOIN = " + like.text_or(0, 3);
            if (each.number == BTEqualStrategyNumber && joins)
                options += hashed_ ? ", MERGES, HASHES" : ", MERGES";
            execute("CREATE OPERATOR pg_catalog." + std::string(each.symbol) + " (" + options + ")");
            comment("OPERATOR pg_catalog." + std::string(each.symbol) + " " + arguments,
                    "Compares two values by their plaintext.");
        }
    }
}

/// The members of a family for every pairing but the class's own.
std::string Definition::cross_operators(bool equality_only) const {
    std::string members;
    const auto add = [&](const std::string &left, const std::string &right) {
        for (const Strategy &each : strategies)
            if (equality_only ? each.number == BTEqualStrategyNumber : each.number != 0)
                members += (members.empty() ? "" : ", ") + std::string("OPERATOR ") +
                           std::to_string(equality_only ? 1 : each.number) + " pg_catalog." + each.symbol + " (" +
                           left + ", " + right + ")";
    };
    for (const Pairing &each : pairings())
        if (each.left != each.right && (each.joins || !equality_only))
            add(each.left, each.right);
    // The plain pair closes the family, so that a merge join can sort both sides.
    if (sibling_.empty())
        add(operand_name_, operand_name_);
    return members;
}

void Definition::btree() {
    const std::string compare = "gdpr." + pg::quote(base_ + "_compare");
    std::string own;
    for (const Strategy &each : strategies)
        if (each.number != 0)
            own += "OPERATOR " + std::to_string(each.number) + " pg_catalog." + each.symbol + ", ";
    if (sibling_.empty())
        execute("CREATE OPERATOR FAMILY " + family_ + " USING btree");
    const std::string opclass = "gdpr." + pg::quote(base_ + "_ops");
    execute("CREATE OPERATOR CLASS " + opclass + " DEFAULT FOR TYPE " + name_ + " USING btree FAMILY " + family_ +
            " AS " + own + "FUNCTION 1 " + compare + "(" + name_ + ", " + name_ + ")");
    comment("OPERATOR CLASS " + opclass + " USING btree", "Orders encrypted values by their plaintext.");

    const std::string sort = pg::quote(base_ + "_sortsupport");
    function(sort + "(internal)", "void", "gdpr_sortsupport", "IMMUTABLE",
             "Sorts by plaintext, decrypting each value once.");
    std::string members =
        cross_operators(false) + ", FUNCTION 2 (" + name_ + ", " + name_ + ") gdpr." + sort + "(internal)";
    const auto support = [&](const std::string &left, const std::string &right, const std::string &function) {
        members += ", FUNCTION 1 (" + left + ", " + right + ") " + function;
    };
    for (const Pairing &each : pairings())
        if (each.left != each.right)
            support(each.left, each.right, compare + "(" + each.left + ", " + each.right + ")");
    if (sibling_.empty()) {
        const Oid plain_family = family_of(operand_, BTREE_AM_OID);
        const Oid plain_compare =
            pg::call([&] { return get_opfamily_proc(plain_family, operand_, operand_, BTORDER_PROC); });
        support(operand_name_, operand_name_,
                spi_.run("SELECT $1::regprocedure::text", {pg::param(REGPROCEDUREOID, ObjectIdGetDatum(plain_compare))})
                    .text_or(0, 1));
    }
    execute("ALTER OPERATOR FAMILY " + family_ + " USING btree ADD " + members + in_range());
}

/// Window frames by distance (RANGE BETWEEN '30 days' PRECEDING …), for every offset that the plain type takes.
std::string Definition::in_range() {
    const pg::Rows rows = spi_.run("SELECT amprocrighttype FROM pg_catalog.pg_amproc"
                                   " WHERE amprocfamily = $1 AND amproclefttype = $2 AND amprocnum = 3 ORDER BY 1",
                                   {pg::param(OIDOID, ObjectIdGetDatum(family_of(plain_, BTREE_AM_OID))),
                                    pg::param(OIDOID, ObjectIdGetDatum(plain_))});
    std::string members;
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const std::string offset = pg::type_name(rows.oid(row, 1));
        const std::string signature = "gdpr." + pg::quote(base_ + "_in_range") + "(" + name_ + ", " + name_ + ", " +
                                      offset + ", boolean, boolean)";
        execute("CREATE FUNCTION " + signature +
                " RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE"
                " RETURN pg_catalog.in_range($1::" +
                plain_name_ + ", $2::" + plain_name_ + ", $3, $4, $5)");
        comment("FUNCTION " + signature, "Is a value within an offset of another? For window frames.");
        members += ", FUNCTION 3 (" + name_ + ", " + offset + ") " + signature;
    }
    return members;
}

void Definition::hash() {
    const std::string keyed = pg::quote(base_ + "_hash");
    const std::string text = "A keyed hash of the plaintext: it tells nothing to whoever has no key.";
    function(keyed + "(" + name_ + ")", "integer", "gdpr_hash", "STABLE", text);
    function(keyed + "(" + name_ + ", bigint)", "bigint", "gdpr_hash_extended", "STABLE", text);
    if (sibling_.empty())
        execute("CREATE OPERATOR FAMILY " + family_ + " USING hash");
    const std::string opclass = "gdpr." + pg::quote(base_ + "_ops");
    execute("CREATE OPERATOR CLASS " + opclass + " DEFAULT FOR TYPE " + name_ + " USING hash FAMILY " + family_ +
            " AS OPERATOR 1 pg_catalog.=, FUNCTION 1 gdpr." + keyed + "(" + name_ + "), FUNCTION 2 gdpr." + keyed +
            "(" + name_ + ", bigint)");
    comment("OPERATOR CLASS " + opclass + " USING hash", "Hashes encrypted values by their plaintext, under a key.");

    std::string members = cross_operators(true);
    if (sibling_.empty()) {
        const std::string plain_hash = pg::quote(base_ + "_hash_plain");
        function(plain_hash + "(" + operand_name_ + ")", "integer", "gdpr_hash_plain", "STABLE", text);
        function(plain_hash + "(" + operand_name_ + ", bigint)", "bigint", "gdpr_hash_plain_extended", "STABLE", text);
        const std::string pair =
            " (" + operand_name_ + ", " + operand_name_ + ") gdpr." + plain_hash + "(" + operand_name_;
        members += ", FUNCTION 1" + pair + "), FUNCTION 2" + pair + ", bigint)";
    }
    execute("ALTER OPERATOR FAMILY " + family_ + " USING hash ADD " + members);
}

} // namespace

GDPR_FUNCTION(gdpr_define_encrypted_type) {
    Definition(PG_GETARG_OID(0)).run();
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_define_overloads) {
    pg::Spi spi;
    encrypted::Types plains;
    const pg::Rows rows = spi.run("SELECT unnest($1)::oid", {pg::param(REGTYPEARRAYOID, PG_GETARG_DATUM(0))});
    for (std::uint64_t row = 0; row < rows.size(); row++)
        plains.push_back(rows.oid(row, 1));
    encrypted::define_overloads(spi, plains);
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_encrypted_type) {
    const Oid counterpart = encrypted::encrypted_counterpart(PG_GETARG_OID(0));
    if (!OidIsValid(counterpart))
        PG_RETURN_NULL();
    PG_RETURN_OID(counterpart);
}
