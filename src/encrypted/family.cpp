// Comparison operators of an encrypted type and its operator classes. Each operator family of PostgreSQL has a twin
// whose members are the encrypted types, every plain type that the original pairs with theirs, and those plain types
// among each other, so that a merge join can sort both sides.
#include "encrypted/define.hpp"
#include "encrypted/type.hpp"
#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

struct Strategy {
    const char *symbol;
    const char *word;
    int number; // in a btree family; 0 is in none
    const char *commutator;
    const char *negator;
};

constexpr Strategy strategies[] = {{"<", "lt", 1, ">", ">="},  {"<=", "le", 2, ">=", ">"}, {"=", "eq", 3, "=", "<>"},
                                   {">=", "ge", 4, "<=", "<"}, {">", "gt", 5, "<", "<="},  {"<>", "ne", 0, "<>", "="}};

struct PlainPair {
    Oid left, right;
    auto operator<=>(const PlainPair &) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 misreads it
};

/// Two types that an encrypted type's operators are defined on, and the plain ones whose comparison it is.
struct Pairing {
    std::string left, right;
    const char *sides; // which of them is encrypted, as the C functions have it
    PlainPair plain;
};

/// One of PostgreSQL's operator families and its twin.
struct OperatorFamily {
    OperatorFamily(pg::Spi &spi, const Definition &type, Oid method);
    explicit operator bool() const noexcept { return OidIsValid(original); }
    bool has(const PlainPair &pair) const { return pairs.contains(pair); }
    /// What the original's members are declared on.
    Oid declared(Oid type) const { return OidIsValid(generic) ? generic : type; }
    std::string add(const std::string &members) const {
        return "ALTER OPERATOR FAMILY " + name + " USING " + method + " ADD " + members;
    }

    Oid original = InvalidOid;
    Oid generic = InvalidOid; // the original is one for all enums, or arrays, …
    std::string method, name;
    std::string bare_name;
    bool exists = false;
    std::set<PlainPair> pairs; // that the original has an equality operator for
};

OperatorFamily::OperatorFamily(pg::Spi &spi, const Definition &type, Oid access_method)
    : method(access_method == BTREE_AM_OID ? "btree" : "hash") {
    pg::call([&] {
        const Oid opclass = GetDefaultOpClass(type.plain, access_method);
        if (!OidIsValid(opclass))
            return;
        original = get_opclass_family(opclass);
        if (is_generic(get_opclass_input_type(opclass)))
            generic = get_opclass_input_type(opclass);
    });
    if (!OidIsValid(original))
        return;
    const pg::Rows rows =
        spi.run("SELECT f.opfname, o.amoplefttype, o.amoprighttype"
                "  FROM pg_catalog.pg_opfamily f JOIN pg_catalog.pg_amop o ON o.amopfamily = f.oid"
                " WHERE f.oid = $1 AND o.amopstrategy = $2 AND o.amoppurpose = 's'",
                {pg::param(OIDOID, ObjectIdGetDatum(original)), pg::param(access_method == BTREE_AM_OID ? 3 : 1)});
    if (OidIsValid(generic))
        pairs.insert({type.plain, type.plain});
    else
        for (std::uint64_t row = 0; row < rows.size(); row++)
            pairs.insert({rows.oid(row, 2), rows.oid(row, 3)});
    bare_name = OidIsValid(generic) ? type.base + "_family" : "encrypted_" + rows.text_or(0, 1);
    const pg::Rows known =
        spi.run("SELECT n.nspname FROM pg_catalog.pg_opfamily f JOIN pg_catalog.pg_am a ON a.oid = f.opfmethod"
                "  JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace"
                " WHERE n.nspname IN ('gdpr', 'pg_catalog') AND f.opfname = $1 AND a.amname = $2",
                {pg::param(bare_name), pg::param(method)});
    exists = !known.empty();
    name = (exists ? known.text_or(0, 1) : type.schema) + "." + pg::quote(bare_name);
}

class Operators {
  public:
    Operators(pg::Spi &spi, const Definition &type)
        : spi_(spi), type_(type), btree_(spi, type, BTREE_AM_OID), hash_(spi, type, HASH_AM_OID) {}

    void run() {
        if (!btree_)
            return;
        const pg::Rows blurred = spi_.run(
            "SELECT FROM pg_catalog.pg_type t, pg_catalog.pg_cast c JOIN pg_catalog.pg_type s ON s.oid = c.castsource"
            " WHERE t.oid = $1 AND NOT (t.typispreferred AND s.typcategory = t.typcategory) AND c.casttarget = $1 AND c.castsource <> $1"
            "   AND c.castcontext = 'i' AND s.typcategory <> 'Z' AND s.oid < 16384"
            "   AND NOT EXISTS (SELECT FROM pg_catalog.pg_operator"
            "                    WHERE oprname = '=' AND oprleft = s.oid AND oprright = t.oid AND oprnamespace = 11)",
            {pg::param(OIDOID, ObjectIdGetDatum(type_.operand))});
        blurs_ = creating_extension && !blurred.empty();
        find_pairs();
        for (const Pairing &pair : pairs_)
            operators(pair);
        btree();
        if (hash_)
            hash();
    }

  private:
    void find_pairs();
    void operators(const Pairing &pair);
    std::string schema_of(const Pairing &pair) const;
    void begin_btree();
    void btree();
    void begin_hash();
    void hash();
    std::string in_range();
    void execute(const std::string &sql) { (void)spi_.run(sql); }
    void comment(const std::string &object, const std::string &text) {
        execute("COMMENT ON " + object + " IS " + pg::quote_literal(text));
    }

    pg::Spi &spi_;
    const Definition &type_;
    OperatorFamily btree_, hash_;
    std::vector<Pairing> pairs_; // the first is that of the type with itself
    bool blurs_ = false;         // beside other types' values, an operator of it and the plain type is in the way
};

/// The members of a family that are operators of two types.
void add_operators(pg::Spi &spi, std::string &members, const std::string &left, const std::string &right,
                   bool equality_only) {
    for (const Strategy &each : strategies)
        if (equality_only ? each.number == BTEqualStrategyNumber : each.number != 0)
            members += (members.empty() ? "" : ", ") + std::string("OPERATOR ") +
                       std::to_string(equality_only ? 1 : each.number) + " " +
                       operator_name(spi, each.symbol, left, right) + " (" + left + ", " + right + ")";
}

void Operators::find_pairs() {
    const Oid own = type_.operand;
    pairs_.push_back({type_.name, type_.name, "both", {own, own}});
    for (const PlainPair &pair : btree_.pairs) {
        if (pair.left == own)
            pairs_.push_back({type_.name, pg::type_name(pair.right), "left", pair});
        if (pair.right == own)
            pairs_.push_back({pg::type_name(pair.left), type_.name, "right", pair});
    }
    const pg::Rows others =
        spi_.run("SELECT c.opcintype FROM pg_catalog.pg_opfamily f"
                 "  JOIN pg_catalog.pg_opclass c ON c.opcfamily = f.oid"
                 "  JOIN pg_catalog.pg_am a ON a.oid = f.opfmethod"
                 " WHERE f.opfnamespace IN ('gdpr'::pg_catalog.regnamespace, 'pg_catalog'::pg_catalog.regnamespace)"
                 "   AND f.opfname = $1 AND a.amname = 'btree' ORDER BY 1",
                 {pg::param(btree_.bare_name)});
    for (std::uint64_t row = 0; row < others.size(); row++) {
        const Oid encrypted = others.oid(row, 1);
        const Definition other(pg::call([&] { return plain_counterpart(encrypted); }), pg::bare_type_name(encrypted));
        if (!btree_.has({own, other.operand}))
            continue;
        pairs_.push_back({type_.name, other.name, "both", {own, other.operand}});
        pairs_.push_back({other.name, type_.name, "both", {other.operand, own}});
    }
}

/// Which operators people's expressions must not find, so that they resolve as without the type. What the planner and
/// constraints look for by family is found all the same, and the planner puts them where the plain type's own operator
/// compares a decrypted column.
std::string Operators::schema_of(const Pairing &pair) const {
    // A varchar is compared as a text, and NULLIF(name, 'x') is a text: it has no operators of its own.
    if (creating_extension && type_.operand != type_.plain)
        return hidden_schema;
    // integer = numeric would no longer be decided, since integers go to the encrypted type as well.
    return blurs_ && std::strcmp(pair.sides, "both") != 0 ? hidden_schema : "pg_catalog";
}

void Operators::operators(const Pairing &pair) {
    const std::string arguments = "(" + pair.left + ", " + pair.right + ")";
    const pg::Rows compare =
        spi_.run("SELECT p.provolatile = 'i' FROM pg_catalog.pg_amproc s JOIN pg_catalog.pg_proc p ON p.oid = s.amproc"
                 " WHERE s.amprocfamily = $1 AND s.amproclefttype = $2 AND s.amprocrighttype = $3 AND s.amprocnum = 1",
                 {pg::param(OIDOID, ObjectIdGetDatum(btree_.original)),
                  pg::param(OIDOID, ObjectIdGetDatum(btree_.declared(pair.plain.left))),
                  pg::param(OIDOID, ObjectIdGetDatum(btree_.declared(pair.plain.right)))});
    const std::string volatility = compare.boolean(0, 1) ? "IMMUTABLE" : "STABLE";
    define_function(spi_, type_.schema + "." + pg::quote(type_.base + "_compare") + arguments, "integer",
                    std::string("gdpr_compare_") + pair.sides, volatility,
                    "Order of two values by their plaintext: negative, zero or positive.");
    for (const Strategy &each : strategies) {
        const pg::Rows like = spi_.run(
            "SELECT p.proleakproof, o.oprrest::text, o.oprjoin::text"
            "  FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode"
            "  LEFT JOIN pg_catalog.pg_type t ON t.oid = o.oprleft AND t.typnamespace = o.oprnamespace"
            " WHERE o.oprname = $1 AND o.oprleft = $2 AND o.oprright = $3 AND (o.oprnamespace = 11 OR t.oid IS NOT NULL)"
            " ORDER BY o.oprnamespace <> 11",
            {pg::param(NAMEOID, pg::call([&] { return DirectFunctionCall1(namein, CStringGetDatum(each.symbol)); })),
             pg::param(OIDOID, ObjectIdGetDatum(btree_.declared(pair.plain.left))),
             pg::param(OIDOID, ObjectIdGetDatum(btree_.declared(pair.plain.right)))});
        const std::string procedure = pg::quote(type_.base + "_" + each.word);
        define_function(spi_, type_.schema + "." + procedure + arguments, "boolean",
                        "gdpr_" + std::string(each.word) + "_" + pair.sides,
                        volatility + (like.boolean(0, 1) ? " LEAKPROOF" : ""),
                        "Compares two values by their plaintext.");
        std::string options = "FUNCTION = " + type_.schema + "." + procedure + ", LEFTARG = " + pair.left +
                              ", RIGHTARG = " + pair.right + ", COMMUTATOR = OPERATOR(" + schema_of(pair) + "." +
                              each.commutator + "), NEGATOR = OPERATOR(" + schema_of(pair) + "." + each.negator +
                              "), RESTRICT = " + like.text_or(0, 2) + ", JOIN = " + like.text_or(0, 3);
        // By merge and by hash only where the plain types are members, too.
        if (each.number == BTEqualStrategyNumber && (!OidIsValid(btree_.generic) || pair.left == pair.right))
            options += hash_.has(pair.plain) ? ", MERGES, HASHES" : ", MERGES";
        const std::string operation = schema_of(pair) + "." + each.symbol;
        execute("CREATE OPERATOR " + operation + " (" + options + ")");
        comment("OPERATOR " + operation + " " + arguments, "Compares two values by their plaintext.");
    }
}

/// The plain pairs close the family.
void Operators::begin_btree() {
    execute("CREATE OPERATOR FAMILY " + btree_.name + " USING btree");
    if (OidIsValid(btree_.generic))
        return;
    std::string members;
    for (const PlainPair &pair : btree_.pairs) {
        const std::string left = pg::type_name(pair.left), right = pg::type_name(pair.right);
        add_operators(spi_, members, left, right, false);
        const Oid compare =
            pg::call([&] { return get_opfamily_proc(btree_.original, pair.left, pair.right, BTORDER_PROC); });
        members += ", FUNCTION 1 (" + left + ", " + right + ") " +
                   spi_.run("SELECT $1::regprocedure::text", {pg::param(REGPROCEDUREOID, ObjectIdGetDatum(compare))})
                       .text_or(0, 1);
    }
    execute(btree_.add(members));
}

void Operators::btree() {
    if (!btree_.exists)
        begin_btree();
    const std::string compare = type_.schema + "." + pg::quote(type_.base + "_compare");
    std::string own;
    for (const Strategy &each : strategies)
        if (each.number != 0)
            own += "OPERATOR " + std::to_string(each.number) + " " + schema_of(pairs_[0]) + "." + each.symbol + ", ";
    const std::string opclass = type_.schema + "." + pg::quote(type_.base + "_ops");
    execute("CREATE OPERATOR CLASS " + opclass + " DEFAULT FOR TYPE " + type_.name + " USING btree FAMILY " +
            btree_.name + " AS " + own + "FUNCTION 1 " + compare + "(" + type_.name + ", " + type_.name + ")");
    comment("OPERATOR CLASS " + opclass + " USING btree", "Orders encrypted values by their plaintext.");

    const std::string sort = type_.schema + "." + pg::quote(type_.base + "_sortsupport");
    define_function(spi_, sort + "(internal)", "void", "gdpr_sortsupport", "IMMUTABLE",
                    "Sorts by plaintext, decrypting each value once.");
    std::string members = "FUNCTION 2 (" + type_.name + ", " + type_.name + ") " + sort + "(internal)";
    for (const Pairing &each : pairs_)
        if (each.left != each.right) {
            add_operators(spi_, members, each.left, each.right, false);
            members += ", FUNCTION 1 (" + each.left + ", " + each.right + ") " + compare + "(" + each.left + ", " +
                       each.right + ")";
        }
    execute(btree_.add(members + in_range()));
}

/// Window frames by distance (RANGE BETWEEN '30 days' PRECEDING …), for every offset that the plain type takes.
std::string Operators::in_range() {
    const pg::Rows rows = spi_.run(
        "SELECT s.amprocrighttype, p.provolatile = 'i' FROM pg_catalog.pg_amproc s"
        "  JOIN pg_catalog.pg_proc p ON p.oid = s.amproc"
        " WHERE s.amprocfamily = $1 AND s.amproclefttype = $2 AND s.amprocnum = 3 ORDER BY 1",
        {pg::param(OIDOID, ObjectIdGetDatum(btree_.original)), pg::param(OIDOID, ObjectIdGetDatum(type_.plain))});
    std::string members;
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const std::string offset = pg::type_name(rows.oid(row, 1));
        const std::string signature = type_.schema + "." + pg::quote(type_.base + "_in_range") + "(" + type_.name +
                                      ", " + type_.name + ", " + offset + ", boolean, boolean)";
        execute("CREATE FUNCTION " + signature + " RETURNS boolean LANGUAGE sql STRICT PARALLEL SAFE " +
                (rows.boolean(row, 2) ? "IMMUTABLE" : "STABLE") +
                " RETURN pg_catalog.in_range($1::" + type_.plain_name + ", $2::" + type_.plain_name + ", $3, $4, $5)");
        comment("FUNCTION " + signature, "Is a value within an offset of another? For window frames.");
        members += ", FUNCTION 3 (" + type_.name + ", " + offset + ") " + signature;
    }
    return members;
}

constexpr const char *hash_comment = "A keyed hash of the plaintext: it tells nothing to whoever has no key.";

/// The same hash of the plain types, so that a plain and an encrypted column can meet in a hash join.
void Operators::begin_hash() {
    execute("CREATE OPERATOR FAMILY " + hash_.name + " USING hash");
    if (OidIsValid(hash_.generic))
        return;
    std::string members;
    for (const PlainPair &pair : hash_.pairs) {
        const std::string left = pg::type_name(pair.left), right = pg::type_name(pair.right);
        add_operators(spi_, members, left, right, true);
        if (pair.left != pair.right)
            continue;
        const std::string plain = type_.schema + ".encrypted_hash_plain";
        define_function(spi_, plain + "(" + left + ")", "integer", "gdpr_hash_plain", "STABLE", hash_comment);
        define_function(spi_, plain + "(" + left + ", bigint)", "bigint", "gdpr_hash_plain_extended", "STABLE",
                        hash_comment);
        const std::string function = " (" + left + ", " + left + ") " + plain + "(" + left;
        members += ", FUNCTION 1" + function + "), FUNCTION 2" + function + ", bigint)";
    }
    execute(hash_.add(members));
}

void Operators::hash() {
    if (!hash_.exists)
        begin_hash();
    const std::string keyed = type_.schema + "." + pg::quote(type_.base + "_hash");
    define_function(spi_, keyed + "(" + type_.name + ")", "integer", "gdpr_hash", "STABLE", hash_comment);
    define_function(spi_, keyed + "(" + type_.name + ", bigint)", "bigint", "gdpr_hash_extended", "STABLE",
                    hash_comment);
    const std::string opclass = type_.schema + "." + pg::quote(type_.base + "_ops");
    execute("CREATE OPERATOR CLASS " + opclass + " DEFAULT FOR TYPE " + type_.name + " USING hash FAMILY " +
            hash_.name + " AS OPERATOR 1 " + schema_of(pairs_[0]) + ".=, FUNCTION 1 " + keyed + "(" + type_.name +
            "), FUNCTION 2 " + keyed + "(" + type_.name + ", bigint)");
    comment("OPERATOR CLASS " + opclass + " USING hash", "Hashes encrypted values by their plaintext, under a key.");

    std::string members;
    for (const Pairing &each : pairs_)
        if (each.left != each.right && hash_.has(each.plain) && !OidIsValid(hash_.generic))
            add_operators(spi_, members, each.left, each.right, true);
    if (!members.empty())
        execute(hash_.add(members));
}

} // namespace

std::string operator_name(pg::Spi &spi, const std::string &symbol, const std::string &left, const std::string &right) {
    // An extension's type, such as citext, has its operators beside it, where nobody can make a second one of its
    // types.
    const pg::Rows found = spi.run(
        "SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_operator o"
        "  JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace JOIN pg_catalog.pg_type t ON t.oid = o.oprleft"
        " WHERE o.oprname = '<' AND o.oprleft = $1::regtype AND o.oprright = $2::regtype"
        "   AND (n.nspname IN ('pg_catalog', $3) OR n.oid = t.typnamespace)"
        " ORDER BY n.nspname <> $3, n.nspname <> 'pg_catalog' LIMIT 1",
        {pg::param(left), pg::param(right), pg::param(hidden_schema)});
    return (found.empty() ? "pg_catalog" : found.text_or(0, 1)) + "." + symbol;
}

void define_operators(pg::Spi &spi, const Definition &type) { Operators(spi, type).run(); }

} // namespace gdpr::encrypted
