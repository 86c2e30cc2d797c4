// Overloads: where an expression over the plain type resolves by an implicit cast to a third type (a date passed to
// to_char, a numeric compared with a float), PostgreSQL will not take two steps from the encrypted type. Each such
// function and operator gets a twin that takes the first step and then resolves as before.
#include "encrypted/define.hpp"
#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

using Types = std::vector<Oid>;

constexpr const char *comparisons[] = {"<", "<=", "=", "<>", ">=", ">"};

struct Call {
    std::string name;
    Types arguments;
    auto operator<=>(const Call &) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 misreads it
};

/// What PostgreSQL's own rules make of a call; no function where they find none, or more than one.
struct Resolved {
    Oid function = InvalidOid;
    Oid result = InvalidOid;
    std::array<Oid, 4> declared{}; // the argument types it takes
    explicit operator bool() const noexcept { return OidIsValid(function); }
};

void read_signature(Resolved &resolved) {
    Oid *declared;
    int count;
    (void)get_func_signature(resolved.function, &declared, &count);
    std::copy(declared, declared + std::min<int>(count, 4), resolved.declared.begin());
}

List *qualified(const std::string &name) {
    return list_make2(makeString(pstrdup("pg_catalog")), makeString(pstrdup(name.c_str())));
}

Resolved resolve_function(const Call &call) {
    return pg::call([&] {
        Resolved resolved;
        auto *types = static_cast<Oid *>(palloc(sizeof(Oid) * call.arguments.size()));
        std::copy(call.arguments.begin(), call.arguments.end(), types);
        Oid variadic;
        Oid *declared;
        int variadic_count;
        bool set;
        List *defaults;
        const FuncDetailCode code = func_get_detail(
            qualified(call.name), NIL, NIL, static_cast<int>(call.arguments.size()), types, false, false, false,
            &resolved.function, &resolved.result, &set, &variadic_count, &variadic, &declared, &defaults);
        if (code != FUNCDETAIL_NORMAL || set)
            return Resolved();
        read_signature(resolved);
        return resolved;
    });
}

Resolved resolve_operator(const Call &call) {
    return pg::call([&] {
        Resolved resolved;
        Operator found = oper(nullptr, qualified(call.name), call.arguments[0], call.arguments[1], true, -1);
        if (HeapTupleIsValid(found)) {
            resolved.function = reinterpret_cast<Form_pg_operator>(GETSTRUCT(found))->oprcode;
            resolved.result = reinterpret_cast<Form_pg_operator>(GETSTRUCT(found))->oprresult;
            ReleaseSysCache(found);
        }
        if (resolved)
            read_signature(resolved);
        return resolved;
    });
}

bool has_exact_operator(const Call &call) {
    return pg::call(
        [&] { return OidIsValid(OpernameGetOprid(qualified(call.name), call.arguments[0], call.arguments[1])); });
}

/// Never less volatile than what the twin calls, casts of its arguments included, or it would not be inlined.
std::string volatility(const Resolved &resolved, const Types &arguments) {
    const char worst = pg::call([&] {
        char found = func_volatile(resolved.function);
        for (std::size_t i = 0; i < arguments.size(); i++) {
            Oid cast = InvalidOid;
            if (find_coercion_pathway(resolved.declared[i], arguments[i], COERCION_IMPLICIT, &cast) ==
                    COERCION_PATH_FUNC &&
                func_volatile(cast) == PROVOLATILE_STABLE && found == PROVOLATILE_IMMUTABLE)
                found = PROVOLATILE_STABLE;
        }
        return found;
    });
    return worst == PROVOLATILE_IMMUTABLE ? "IMMUTABLE" : worst == PROVOLATILE_STABLE ? "STABLE" : "VOLATILE";
}

std::string argument_list(const Call &call) {
    std::string list;
    for (const Oid type : call.arguments)
        list += (list.empty() ? "" : ", ") + pg::type_name(type);
    return list;
}

/// Everything is resolved before anything is made: each new twin changes what the rules find.
using Twins = std::map<Call, Resolved>;

class Overloads {
  public:
    Overloads(pg::Spi &spi, Oid plain, Oid encrypted) : spi_(spi), plain_(plain), encrypted_(encrypted) {}

    void run() {
        find_types();
        Twins functions = missing(function_calls(), resolve_function);
        Twins operators = missing(operator_calls(), resolve_operator);
        add_pairs_at_risk(operators);
        add_plain_pairs_at_risk(operators);
        for (const auto &[call, resolved] : functions)
            make_function(call, resolved);
        int number = 0;
        for (const auto &[call, resolved] : operators)
            make_operator(call, resolved, ++number);
        for (const Oid source : sources_)
            (void)spi_.run("CREATE CAST (" + pg::type_name(source) + " AS " + pg::type_name(encrypted_) +
                           ") WITH FUNCTION " + pg::type_name(encrypted_) + "(" + pg::type_name(source) +
                           ") AS IMPLICIT");
    }

  private:
    void find_types();
    Types list(const std::string &query) const;
    std::set<Call> function_calls();
    std::set<Call> operator_calls();
    void add_pairs_at_risk(Twins &operators);
    void add_plain_pairs_at_risk(Twins &operators);
    void vary(const std::string &name, const Types &declared, std::set<Call> &calls) const;
    Types as_plain(Types arguments) const {
        std::replace(arguments.begin(), arguments.end(), encrypted_, plain_);
        return arguments;
    }
    template <typename Resolve> Twins missing(const std::set<Call> &calls, Resolve resolve) const {
        Twins out;
        for (const Call &each : calls)
            if (const Resolved found = resolve(Call{each.name, as_plain(each.arguments)}); found && !resolve(each))
                out.emplace(each, found);
        return out;
    }
    /// Argument number `i`, cast step by step to what the plain form takes.
    std::string value(const Call &call, const Resolved &resolved, std::size_t i) const {
        std::string text = "$" + std::to_string(i + 1);
        if (call.arguments[i] == encrypted_)
            text += "::" + pg::type_name(plain_);
        if (resolved.declared[i] != as_plain(call.arguments)[i] && !IsPolymorphicType(resolved.declared[i]))
            text += "::" + pg::type_name(resolved.declared[i]);
        return text;
    }
    /// A comparison that the plain type makes with its own kind stays on the encrypted type, whose indexes serve it.
    bool stays_encrypted(const Call &call, const Resolved &resolved) const {
        return std::find(std::begin(comparisons), std::end(comparisons), call.name) != std::end(comparisons) &&
               resolved.declared[0] == plain_ && resolved.declared[1] == plain_ &&
               std::find(call.arguments.begin(), call.arguments.end(), encrypted_) != call.arguments.end();
    }
    void make_function(const Call &call, const Resolved &resolved);
    void make_operator(const Call &call, const Resolved &resolved, int number);

    pg::Spi &spi_;
    Oid plain_, encrypted_;
    Types reachable_; // what the plain type goes to by itself
    Types sources_;   // what goes to the plain type by itself
    Types ranges_;    // range and multirange types over the plain type
};

Types Overloads::list(const std::string &query) const {
    const pg::Rows rows =
        spi_.run(query, {pg::param(OIDOID, ObjectIdGetDatum(plain_)), pg::param(OIDOID, ObjectIdGetDatum(encrypted_))});
    Types types;
    for (std::uint64_t row = 0; row < rows.size(); row++)
        types.push_back(rows.oid(row, 1));
    return types;
}

void Overloads::find_types() {
    reachable_ = list("SELECT casttarget FROM pg_catalog.pg_cast WHERE castsource = $1 AND castcontext = 'i'"
                      " AND casttarget NOT IN ($1, $2) AND casttarget < 16384 ORDER BY 1");
    sources_ = list("SELECT castsource FROM pg_catalog.pg_cast WHERE casttarget = $1 AND castcontext = 'i'"
                    " AND castsource NOT IN ($1, $2) AND castsource < 16384 ORDER BY 1");
    ranges_ = list("SELECT unnest(ARRAY[rngtypid, rngmultitypid]) FROM pg_catalog.pg_range"
                   " WHERE rngsubtype = $1 AND rngtypid < 16384 AND $2 <> 0");
}

/// Every way to put the encrypted type, or the plain one, where a reachable type is declared.
void Overloads::vary(const std::string &name, const Types &declared, std::set<Call> &calls) const {
    std::vector<Types> all{{}};
    for (const Oid type : declared) {
        Types options{type};
        if (std::find(reachable_.begin(), reachable_.end(), type) != reachable_.end())
            options = {encrypted_, plain_, type};
        std::vector<Types> longer;
        for (const Types &each : all)
            for (const Oid option : options) {
                longer.push_back(each);
                longer.back().push_back(option);
            }
        all = std::move(longer);
    }
    for (Types &each : all)
        if (std::find(each.begin(), each.end(), encrypted_) != each.end())
            calls.insert({name, std::move(each)});
}

/// Functions that people call (not the insides of operators, casts, types and index methods), and of which no form
/// takes the plain type itself: where one does, a twin beside it could win over it in silence.
std::set<Call> Overloads::function_calls() {
    const pg::Rows rows = spi_.run(
        "SELECT p.proname, p.proargtypes::pg_catalog.text FROM pg_catalog.pg_proc p"
        " WHERE p.pronamespace = 11 AND p.oid < 16384 AND p.prokind = 'f' AND NOT p.proretset AND p.provariadic = 0"
        "   AND p.pronargs BETWEEN 1 AND 4"
        "   AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc q WHERE q.proname = p.proname AND q.pronamespace = 11"
        "                    AND q.oid < 16384 AND q.pronargs = p.pronargs AND $1 = ANY (q.proargtypes))"
        "   AND NOT EXISTS (SELECT FROM pg_catalog.pg_operator o WHERE o.oprcode = p.oid)"
        "   AND NOT EXISTS (SELECT FROM pg_catalog.pg_cast c WHERE c.castfunc = p.oid)"
        "   AND NOT EXISTS (SELECT FROM pg_catalog.pg_amproc a WHERE a.amproc = p.oid)"
        "   AND NOT EXISTS (SELECT FROM pg_catalog.pg_aggregate a"
        "                    WHERE p.oid IN (a.aggtransfn, a.aggfinalfn, a.aggmtransfn, a.aggminvtransfn))"
        "   AND NOT EXISTS (SELECT FROM pg_catalog.pg_type t"
        "                    WHERE p.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend))"
        "   AND NOT EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.oid = ANY (p.proargtypes) AND t.typtype = 'p')",
        {pg::param(OIDOID, ObjectIdGetDatum(plain_))});
    std::set<Call> calls;
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        Types declared;
        std::string list = rows.text_or(row, 2);
        for (char *at = list.data(); *at != '\0';)
            declared.push_back(static_cast<Oid>(std::strtoul(at, &at, 10)));
        vary(rows.text_or(row, 1), declared, calls);
    }
    return calls;
}

std::set<Call> Overloads::operator_calls() {
    const pg::Rows rows = spi_.run("SELECT o.oprname, o.oprleft, o.oprright FROM pg_catalog.pg_operator o"
                                   " WHERE o.oprnamespace = 11 AND o.oid < 16384 AND o.oprkind = 'b'");
    std::set<Call> calls;
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const std::string name = rows.text_or(row, 1);
        const Oid left = rows.oid(row, 2), right = rows.oid(row, 3);
        vary(name, {left, right}, calls);
        // An element and a range of it.
        for (const Oid range : ranges_) {
            if (left == ANYELEMENTOID && (right == ANYRANGEOID || right == ANYMULTIRANGEOID))
                calls.insert({name, {encrypted_, range}});
            if (right == ANYELEMENTOID && (left == ANYRANGEOID || left == ANYMULTIRANGEOID))
                calls.insert({name, {range, encrypted_}});
        }
    }
    return calls;
}

/// Once numeric > float has a twin, encrypted > integer would rather take that one than go by way of numeric. So an
/// operator with any twin gets one for every type its plain form accepts, and for itself: a literal of unknown type
/// is then taken to be of the same type, as always.
void Overloads::add_pairs_at_risk(Twins &operators) {
    std::set<std::string> names;
    for (const auto &[call, resolved] : operators)
        names.insert(call.name);
    Types types = list("SELECT oid FROM pg_catalog.pg_type WHERE typnamespace = 11 AND oid < 16384"
                       " AND typtype IN ('b', 'r') AND typelem = 0 AND $1 <> 0 AND $2 <> 0");
    types.push_back(encrypted_);
    for (const std::string &name : names)
        for (const Oid type : types)
            for (const Call &call : {Call{name, {encrypted_, type}}, Call{name, {type, encrypted_}}})
                if (const Resolved found = resolve_operator({name, as_plain(call.arguments)});
                    found && !has_exact_operator(call))
                    operators.emplace(call, found);
}

/// What widens to the plain type widens to the encrypted one too, or COALESCE(n, 0) would fail. Then integer = numeric
/// has two ways to go; an exact operator, which inlines to what it always was, decides.
void Overloads::add_plain_pairs_at_risk(Twins &operators) {
    std::set<Call> pairs;
    for (const char *name : comparisons)
        pairs.insert({name, {encrypted_, plain_}});
    for (const auto &[call, resolved] : operators)
        pairs.insert(call);
    for (const Call &pair : pairs) {
        const Oid other = pair.arguments[0] == encrypted_ ? pair.arguments[1] : pair.arguments[0];
        if (other == encrypted_)
            continue;
        for (const Oid source : sources_)
            for (const Call &call : {Call{pair.name, {source, other}}, Call{pair.name, {other, source}}})
                if (const Resolved found = resolve_operator(call); found && !has_exact_operator(call))
                    operators.emplace(call, found);
    }
}

void Overloads::make_function(const Call &call, const Resolved &resolved) {
    const std::string name = "pg_catalog." + pg::quote(call.name), signature = name + "(" + argument_list(call) + ")";
    std::string values;
    for (std::size_t i = 0; i < call.arguments.size(); i++)
        values += (i > 0 ? ", " : "") + value(call, resolved, i);
    (void)spi_.run("CREATE FUNCTION " + signature + " RETURNS " + pg::type_name(resolved.result) + " LANGUAGE sql " +
                   volatility(resolved, as_plain(call.arguments)) + " PARALLEL SAFE RETURN " + name + "(" + values +
                   ")");
    (void)spi_.run("COMMENT ON FUNCTION " + signature + " IS 'The function of the plain type, on an encrypted value.'");
}

void Overloads::make_operator(const Call &call, const Resolved &resolved, int number) {
    const std::string function =
        "gdpr." + pg::quote(pg::bare_type_name(encrypted_) + "_overload_" + std::to_string(number));
    const std::string arguments = "(" + argument_list(call) + ")";
    const bool plain = std::find(call.arguments.begin(), call.arguments.end(), encrypted_) == call.arguments.end();
    const std::string comment =
        pg::quote_literal(plain ? "Keeps an operator of plain types resolving as it does without gdpr."
                                : "The operator of the plain type, on an encrypted value.");
    const auto operand = [&](std::size_t i) {
        const std::string bare = "$" + std::to_string(i + 1);
        if (!stays_encrypted(call, resolved))
            return value(call, resolved, i);
        return call.arguments[i] == encrypted_ ? bare : bare + "::" + pg::type_name(plain_);
    };
    (void)spi_.run("CREATE FUNCTION " + function + arguments + " RETURNS " + pg::type_name(resolved.result) +
                   " LANGUAGE sql " + volatility(resolved, as_plain(call.arguments)) + " PARALLEL SAFE RETURN " +
                   operand(0) + " OPERATOR(pg_catalog." + call.name + ") " + operand(1));
    (void)spi_.run("COMMENT ON FUNCTION " + function + arguments + " IS " + comment);
    (void)spi_.run("CREATE OPERATOR pg_catalog." + call.name + " (FUNCTION = " + function + ", LEFTARG = " +
                   pg::type_name(call.arguments[0]) + ", RIGHTARG = " + pg::type_name(call.arguments[1]) + ")");
    (void)spi_.run("COMMENT ON OPERATOR pg_catalog." + call.name + " " + arguments + " IS " + comment);
}

} // namespace

void define_overloads(pg::Spi &spi, Oid plain, Oid encrypted) { Overloads(spi, plain, encrypted).run(); }

} // namespace gdpr::encrypted
