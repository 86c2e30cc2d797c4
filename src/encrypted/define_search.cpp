// What makes an encrypted column searchable beyond its order and equality: pattern operators whose prefix an index
// serves, operator classes for patterns in any collation, and block range indexes.
#include "encrypted/define.hpp"
#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

struct PatternStrategy {
    const char *symbol;
    const char *word;
    const char *commutator;
    const char *negator;
    const char *estimator;
};

// In the order of the btree strategies, with equality, which is the column's own, left out.
constexpr PatternStrategy pattern_strategies[] = {{"~<~", "lt", "~>~", "~>=~", "scalarltsel"},
                                                  {"~<=~", "le", "~>=~", "~>~", "scalarlesel"},
                                                  {"=", nullptr, nullptr, nullptr, nullptr},
                                                  {"~>=~", "ge", "~<=~", "~<~", "scalargesel"},
                                                  {"~>~", "gt", "~<~", "~<=~", "scalargtsel"}};

class Searches {
  public:
    Searches(pg::Spi &spi, Oid plain)
        : spi_(spi), plain_(plain), base_("encrypted_" + pg::bare_type_name(plain)), name_("gdpr." + pg::quote(base_)) {
        operand_ = pg::call([&] { return get_opclass_input_type(GetDefaultOpClass(plain, BTREE_AM_OID)); });
        operand_name_ = pg::type_name(operand_);
        if (operand_ != plain_)
            sibling_ = "gdpr." + pg::quote("encrypted_" + pg::bare_type_name(operand_));
    }

    void patterns();
    void pattern_class();
    void block_ranges();
    void extremes();

  private:
    void execute(const std::string &sql) { (void)spi_.run(sql); }
    void comment(const std::string &object, const std::string &text) {
        execute("COMMENT ON " + object + " IS " + pg::quote_literal(text));
    }
    void pattern_operators(const std::string &family);
    std::vector<std::pair<std::string, std::string>> pairs() const;

    pg::Spi &spi_;
    Oid plain_, operand_;
    std::string base_, name_, operand_name_, sibling_;
};

/// LIKE, regular expressions and ^@: the plain type's own functions, on the decrypted value. PostgreSQL's operators
/// would do as well after the implicit cast, but on a cast neither index nor statistics are found.
void Searches::patterns() {
    const pg::Rows rows =
        spi_.run("SELECT o.oprname, p.proname, o.oprright, p.proleakproof, n.oprname, o.oprjoin::text,"
                 "       p.prosupport <> 0"
                 "  FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode"
                 "  LEFT JOIN pg_catalog.pg_operator n ON n.oid = o.oprnegate"
                 " WHERE o.oprleft = $1 AND o.oprnamespace = 11 AND o.oid < 16384"
                 "   AND o.oprname IN ('~~', '!~~', '~~*', '!~~*', '~', '!~', '~*', '!~*', '^@') ORDER BY 1",
                 {pg::param(OIDOID, ObjectIdGetDatum(operand_))});
    const auto function = [&](const std::string &name, std::uint64_t row) {
        const std::string signature = name + "(" + name_ + ", " + pg::type_name(rows.oid(row, 3)) + ")";
        execute("CREATE FUNCTION " + signature +
                " RETURNS boolean AS '$libdir/gdpr', 'gdpr_match_pattern' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE" +
                (rows.boolean(row, 4) ? " LEAKPROOF" : "") +
                (rows.boolean(row, 7) ? " SUPPORT gdpr.pattern_support" : ""));
        comment("FUNCTION " + signature, "The plain type's function, on an encrypted value.");
    };
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const std::string symbol = rows.text_or(row, 1), right = pg::type_name(rows.oid(row, 3));
        const std::string match = "gdpr." + pg::quote(base_ + "_" + rows.text_or(row, 2));
        function(match, row);
        const auto negator = rows.text(row, 5);
        execute("CREATE OPERATOR pg_catalog." + symbol + " (FUNCTION = " + match + ", LEFTARG = " + name_ +
                ", RIGHTARG = " + right + (negator ? ", NEGATOR = OPERATOR(pg_catalog." + *negator + ")" : "") +
                ", RESTRICT = gdpr.pattern_selectivity, JOIN = " + rows.text_or(row, 6) + ")");
        comment("OPERATOR pg_catalog." + symbol + " (" + name_ + ", " + right + ")",
                "The plain type's operator, on an encrypted value.");
        // What people call by name is found where the plain one is.
        if (symbol == "^@")
            function("pg_catalog." + pg::quote(rows.text_or(row, 2)), row);
    }
}

/// Encrypted values among themselves, and with the plain operand on either side; the class's own pair comes first.
std::vector<std::pair<std::string, std::string>> Searches::pairs() const {
    std::vector<std::pair<std::string, std::string>> out{
        {name_, name_}, {name_, operand_name_}, {operand_name_, name_}};
    if (!sibling_.empty()) {
        out.emplace_back(name_, sibling_);
        out.emplace_back(sibling_, name_);
    }
    return out;
}

void Searches::pattern_operators(const std::string &family) {
    const std::string compare = "gdpr." + pg::quote(base_ + "_pattern_compare");
    std::string members;
    for (const auto &[left, right] : pairs()) {
        const std::string arguments = "(" + left + ", " + right + ")";
        // To be seen where the types' other comparisons are.
        const std::string schema = operator_name(spi_, "", left, right);
        const std::string suffix = left == operand_name_ ? "right" : right == operand_name_ ? "left" : "both";
        const auto make = [&](const std::string &function, const std::string &result, const std::string &word) {
            execute("CREATE FUNCTION " + function + arguments + " RETURNS " + result +
                    " AS '$libdir/gdpr', 'gdpr_pattern_" + word + "_" + suffix +
                    "' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF");
            comment("FUNCTION " + function + arguments, "Compares two values by the bytes of their plaintext.");
        };
        make(compare, "integer", "compare");
        const bool own = left == right;
        if (!own)
            members +=
                (members.empty() ? "" : ", ") + std::string("FUNCTION 1 ") + arguments + " " + compare + arguments;
        for (int strategy = 1; const PatternStrategy &each : pattern_strategies) {
            if (each.word != nullptr) {
                const std::string function = "gdpr." + pg::quote(base_ + "_pattern_" + each.word);
                make(function, "boolean", each.word);
                execute("CREATE OPERATOR " + schema + each.symbol + " (FUNCTION = " + function + ", LEFTARG = " + left +
                        ", RIGHTARG = " + right + ", COMMUTATOR = OPERATOR(" + schema + each.commutator +
                        "), NEGATOR = OPERATOR(" + schema + each.negator + "), RESTRICT = " + each.estimator +
                        ", JOIN = " + std::string(each.estimator, std::strlen(each.estimator) - 3) + "joinsel)");
                comment("OPERATOR " + schema + each.symbol + " " + arguments,
                        "Compares two values by the bytes of their plaintext.");
            }
            if (!own)
                members += ", OPERATOR " + std::to_string(strategy) + " " +
                           operator_name(spi_, each.symbol, left, right) + " " + arguments;
            strategy++;
        }
    }
    const std::string sort = "gdpr." + pg::quote(base_ + "_pattern_sortsupport") + "(internal)";
    execute("CREATE FUNCTION " + sort +
            " RETURNS void AS '$libdir/gdpr', 'gdpr_pattern_sortsupport' LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE");
    comment("FUNCTION " + sort, "Sorts by the bytes of the plaintext, decrypting each value once.");
    members += ", FUNCTION 2 (" + name_ + ", " + name_ + ") " + sort;
    execute("ALTER OPERATOR FAMILY " + family + " USING btree ADD " + members);
}

/// As text_pattern_ops: the order of bytes, by which a prefix is a range in every collation.
void Searches::pattern_class() {
    const pg::Rows plain = spi_.run(
        "SELECT o.opcfamily, f.opfname FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_opfamily f ON f.oid = o.opcfamily"
        " WHERE o.opcname = $1 || '_pattern_ops' AND o.opcmethod = 403 AND o.opcnamespace = 11",
        {pg::param(pg::bare_type_name(plain_))});
    if (plain.empty())
        return;
    const std::string family = "gdpr." + pg::quote("encrypted_" + plain.text_or(0, 2));
    if (sibling_.empty())
        execute("CREATE OPERATOR FAMILY " + family + " USING btree");
    pattern_operators(family);
    std::string own;
    for (int strategy = 1; const PatternStrategy &each : pattern_strategies)
        own += "OPERATOR " + std::to_string(strategy++) + " " + operator_name(spi_, each.symbol, name_, name_) + ", ";
    const std::string opclass = "gdpr." + pg::quote(base_ + "_pattern_ops");
    execute("CREATE OPERATOR CLASS " + opclass + " FOR TYPE " + name_ + " USING btree FAMILY " + family + " AS " + own +
            "FUNCTION 1 gdpr." + pg::quote(base_ + "_pattern_compare") + "(" + name_ + ", " + name_ + ")");
    comment("OPERATOR CLASS " + opclass + " USING btree",
            "Orders encrypted values by the bytes of their plaintext: LIKE 'prefix%' in any collation.");
    if (!sibling_.empty())
        return;
    // The plain pair closes the family, as it closes the default one.
    std::string members;
    for (int strategy = 1; const PatternStrategy &each : pattern_strategies)
        members += "OPERATOR " + std::to_string(strategy++) + " pg_catalog." + each.symbol + " (" + operand_name_ +
                   ", " + operand_name_ + "), ";
    const Oid compare = pg::call([&] { return get_opfamily_proc(plain.oid(0, 1), operand_, operand_, BTORDER_PROC); });
    const std::string compare_name =
        spi_.run("SELECT $1::pg_catalog.regprocedure::text", {pg::param(REGPROCEDUREOID, ObjectIdGetDatum(compare))})
            .text_or(0, 1);
    execute("ALTER OPERATOR FAMILY " + family + " USING btree ADD " + members + "FUNCTION 1 (" + operand_name_ + ", " +
            operand_name_ + ") " + compare_name);
}

/// Block ranges keep the ciphertext of their smallest and largest value: sense where rows come in order.
void Searches::block_ranges() {
    if (!OidIsValid(pg::call([&] { return GetDefaultOpClass(operand_, BRIN_AM_OID); })))
        return;
    constexpr const char *symbols[] = {"<", "<=", "=", ">=", ">"};
    std::string operators;
    for (int strategy = 1; const char *symbol : symbols) {
        for (const auto &[left, right] : pairs())
            if (left == name_)
                operators += "OPERATOR " + std::to_string(strategy) + " " + operator_name(spi_, symbol, left, right) +
                             " (" + left + ", " + right + "), ";
        strategy++;
    }
    const std::string opclass = "gdpr." + pg::quote(base_ + "_minmax_ops");
    execute("CREATE OPERATOR CLASS " + opclass + " DEFAULT FOR TYPE " + name_ + " USING brin AS " + operators +
            "FUNCTION 1 pg_catalog.brin_minmax_opcinfo(internal),"
            " FUNCTION 2 pg_catalog.brin_minmax_add_value(internal, internal, internal, internal),"
            " FUNCTION 3 pg_catalog.brin_minmax_consistent(internal, internal, internal),"
            " FUNCTION 4 pg_catalog.brin_minmax_union(internal, internal, internal)");
    comment("OPERATOR CLASS " + opclass + " USING brin", "Keeps the encrypted bounds of each range of blocks.");
}

/// What the planner puts in the place of min and max where the column has an index.
void Searches::extremes() {
    const pg::Rows known = spi_.run("SELECT FROM pg_catalog.pg_proc WHERE proname = 'min' AND pronamespace = 11"
                                    " AND pronargs = 1 AND proargtypes[0] = $1",
                                    {pg::param(OIDOID, ObjectIdGetDatum(operand_))});
    if (known.empty())
        return;
    for (const auto &[aggregate, step, symbol] :
         {std::tuple("_min", "smaller", "<"), std::tuple("_max", "larger", ">")}) {
        const std::string function = "gdpr." + pg::quote(base_ + "_" + step),
                          arguments = "(" + name_ + ", " + name_ + ")";
        execute("CREATE FUNCTION " + function + arguments + " RETURNS " + name_ + " AS '$libdir/gdpr', 'gdpr_" + step +
                "' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE");
        comment("FUNCTION " + function + arguments, "One of two values, by their plaintext.");
        const std::string name = "gdpr." + pg::quote(base_ + aggregate) + "(" + name_ + ")";
        execute("CREATE AGGREGATE " + name + " (SFUNC = " + function + ", STYPE = " + name_ + ", COMBINEFUNC = " +
                function + ", SORTOP = OPERATOR(" + operator_name(spi_, symbol, name_, name_) + "), PARALLEL = SAFE)");
        comment("AGGREGATE " + name, "The planner's form of min and max of a column that has an index.");
    }
}

} // namespace

void define_searches(pg::Spi &spi, Oid plain) {
    Searches searches(spi, plain);
    searches.patterns();
    searches.pattern_class();
    searches.block_ranges();
    searches.extremes();
}

} // namespace gdpr::encrypted
