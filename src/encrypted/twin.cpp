#include "encrypted/twin.hpp"

#include "encrypted/define.hpp"
#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

constexpr const char *comparisons[] = {"<", "<=", "=", "<>", ">=", ">"};

} // namespace

bool compares(const Call &call) {
    return call.is_operator &&
           std::find(std::begin(comparisons), std::end(comparisons), call.name) != std::end(comparisons);
}

namespace {

/// Never less volatile than what the twin calls, casts of its arguments included, or it would not be inlined.
std::string volatility(const Resolved &resolved, const Types &arguments) {
    const char worst = pg::call([&] {
        char found = OidIsValid(resolved.function) ? func_volatile(resolved.function) : PROVOLATILE_STABLE;
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

std::string argument_list(const Types &types) {
    std::string list;
    for (const Oid type : types)
        list += (list.empty() ? "" : ", ") + pg::type_name(type);
    return list;
}

/// The name of the function of an operator's twin.
std::string function_behind(const Resolved &plain) {
    return support_schema() + "." +
           pg::quote(std::string("encrypted_") + pg::call([&] { return get_func_name(plain.function); }));
}

} // namespace

Oid Twins::plain_type(Oid type) const {
    const auto found = plain_of_.find(type);
    return found != plain_of_.end() ? found->second : type;
}

Call Twins::plain(Call call) const {
    for (Oid &type : call.arguments)
        type = plain_type(type);
    return call;
}

bool Twins::has_encrypted(const Call &call) const {
    return std::any_of(call.arguments.begin(), call.arguments.end(),
                       [&](Oid type) { return plain_of_.count(type) > 0; });
}

void Twins::make(const Call &call, const Resolved &plain) {
    if (call.is_operator)
        make_operator(call, plain);
    else if (plain.kind == PROKIND_AGGREGATE)
        make_aggregate(call, plain);
    else
        make_function(call, plain);
}

void Twins::drop(const Call &call, const Resolved &plain) {
    const std::string arguments = argument_list(call.arguments);
    if (!call.is_operator) {
        (void)spi_.run("DROP ROUTINE pg_catalog." + pg::quote(call.name) + "(" + arguments + ")");
        return;
    }
    (void)spi_.run("DROP OPERATOR pg_catalog." + call.name + " (" + (call.arguments.size() == 1 ? "NONE, " : "") +
                   arguments + ")");
    const std::string function = function_behind(plain);
    if (spi_.run("SELECT FROM pg_catalog.pg_operator WHERE oprcode = $1::pg_catalog.regprocedure",
                 {pg::param(function + "(" + arguments + ")")})
            .empty()) {
        (void)spi_.run("DROP FUNCTION " + function + "(" + arguments + ")");
        functions_.erase(function + arguments);
    }
}

/// A comparison that the plain type makes with its own kind stays on the encrypted type, whose indexes serve it.
bool Twins::stays_encrypted(const Call &call, const Resolved &plain) const {
    if (!compares(call) || plain.declared[0] != plain.declared[1])
        return false;
    const auto own = encrypted_of_.find(plain.declared[0]);
    return own != encrypted_of_.end() &&
           std::find(call.arguments.begin(), call.arguments.end(), own->second) != call.arguments.end();
}

/// Argument number `i`, cast step by step to what the plain form takes.
std::string Twins::value(const Call &call, const Resolved &plain, std::size_t i, bool stays) const {
    std::string text = "$" + std::to_string(i + 1);
    Oid type = call.arguments[i];
    if (const auto found = plain_of_.find(type); found != plain_of_.end()) {
        if (stays && found->second == plain.declared[i])
            return text;
        // By name and not as a cast, which pg_upgrade would read before it is there.
        const bool array = OidIsValid(pg::call([&] { return get_element_type(type); }));
        type = found->second;
        text = (array ? "gdpr.decrypted_array(" : "gdpr.decrypt(") + text + ")";
    }
    if (plain.declared[i] != type && !IsPolymorphicType(plain.declared[i]))
        text += "::" + pg::type_name(plain.declared[i]);
    return text;
}

void Twins::make_operator(const Call &call, const Resolved &plain) {
    const std::string function = function_behind(plain);
    const std::string arguments = argument_list(call.arguments);
    const std::string comment =
        pg::quote_literal(has_encrypted(call) ? "The operator of the plain type, on an encrypted value."
                                              : "Keeps an operator of plain types resolving as it does without gdpr.");
    const bool stays = stays_encrypted(call, plain), prefix = call.arguments.size() == 1;
    // The operator of an encrypted column and its plain operand may be one that is not to be seen.
    std::string operation = "pg_catalog." + call.name;
    if (stays) {
        const auto side = [&](std::size_t i) {
            return pg::type_name(plain_type(call.arguments[i]) == plain.declared[i] ? call.arguments[i]
                                                                                    : plain.declared[i]);
        };
        operation = operator_name(spi_, call.name, side(0), side(1));
    }
    // Two operators may have one function.
    if (functions_.insert(function + arguments).second) {
        (void)spi_.run("CREATE FUNCTION " + function + "(" + arguments + ") RETURNS " + pg::type_name(plain.result) +
                       " LANGUAGE sql " + volatility(plain, this->plain(call).arguments) + " PARALLEL SAFE RETURN " +
                       (prefix ? "" : value(call, plain, 0, stays)) + " OPERATOR(" + operation + ") " +
                       value(call, plain, prefix ? 0 : 1, stays));
        (void)spi_.run("COMMENT ON FUNCTION " + function + "(" + arguments + ") IS " + comment);
    }
    if (call.name == "<")
        compared_[call.arguments] = {plain.declared[0], plain.declared[1]};
    (void)spi_.run("CREATE OPERATOR pg_catalog." + call.name + " (FUNCTION = " + function +
                   (prefix ? "" : ", LEFTARG = " + pg::type_name(call.arguments[0])) +
                   ", RIGHTARG = " + pg::type_name(call.arguments.back()) + ")");
    (void)spi_.run("COMMENT ON OPERATOR pg_catalog." + call.name + " (" + (prefix ? "NONE, " : "") + arguments +
                   ") IS " + comment);
}

void Twins::join_families() {
    for (const auto &[types, plain] : compared_)
        join_family(types, plain);
}

/// Comparisons of rows, (a, b) < (1, 2), want operators of an operator family, and its function that compares.
void Twins::join_family(const Types &types, const Types &plain) {
    constexpr const char *ordered[] = {"<", "<=", "=", ">=", ">"}; // by strategy number
    const auto of_family = encrypted_of_.find(plain[0]) != encrypted_of_.end() ? encrypted_of_.find(plain[0])
                                                                               : encrypted_of_.find(plain[1]);
    Resolved compare;
    const Oid family = pg::call([&] {
        const Oid opclass = GetDefaultOpClass(plain[0], BTREE_AM_OID);
        if (OidIsValid(opclass))
            compare.function = get_opfamily_proc(get_opclass_family(opclass), plain[0], plain[1], BTORDER_PROC);
        const Oid own =
            of_family == encrypted_of_.end() ? InvalidOid : GetDefaultOpClass(of_family->second, BTREE_AM_OID);
        return OidIsValid(own) ? get_opclass_family(own) : InvalidOid;
    });
    if (!OidIsValid(compare.function) || !OidIsValid(family))
        return;
    std::copy(plain.begin(), plain.end(), compare.declared.begin());
    std::string members;
    for (int i = 0; i < 5; i++) {
        if (!is_exact({true, ordered[i], types}))
            return;
        members +=
            "OPERATOR " + std::to_string(i + 1) + " pg_catalog." + ordered[i] + " (" + argument_list(types) + "), ";
    }
    const Call call{false, "compare", types};
    const std::string signature = support_schema() + ".encrypted_compare(" + argument_list(types) + ")";
    const std::string text =
        pg::quote_literal("Order of two values: negative, zero or positive. For comparisons of rows.");
    (void)spi_.run("CREATE FUNCTION " + signature + " RETURNS integer LANGUAGE sql STRICT PARALLEL SAFE " +
                   volatility(compare, this->plain(call).arguments) + " RETURN pg_catalog." +
                   pg::quote(pg::call([&] { return get_func_name(compare.function); })) + "(" +
                   value(call, compare, 0, false) + ", " + value(call, compare, 1, false) + ")");
    (void)spi_.run("COMMENT ON FUNCTION " + signature + " IS " + text);
    const pg::Rows named =
        spi_.run("SELECT pg_catalog.format('%I.%I', n.nspname, f.opfname) FROM pg_catalog.pg_opfamily f"
                 " JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace WHERE f.oid = $1",
                 {pg::param(OIDOID, ObjectIdGetDatum(family))});
    (void)spi_.run("ALTER OPERATOR FAMILY " + named.text_or(0, 1) + " USING btree ADD " + members + "FUNCTION 1 (" +
                   argument_list(types) + ") " + signature);
}

void Twins::make_function(const Call &call, const Resolved &plain) {
    const std::string name = "pg_catalog." + pg::quote(call.name),
                      signature = name + "(" + argument_list(call.arguments) + ")";
    std::string values;
    for (std::size_t i = 0; i < call.arguments.size(); i++)
        values += (i > 0 ? ", " : "") + value(call, plain, i, false);
    (void)spi_.run(
        "CREATE FUNCTION " + signature + " RETURNS " + (plain.set ? "SETOF " : "") + pg::type_name(plain.result) +
        " LANGUAGE sql " + volatility(plain, this->plain(call).arguments) + " PARALLEL SAFE BEGIN ATOMIC SELECT " +
        (plain.kind == coercion ? values + "::" + pg::type_name(plain.result) : name + "(" + values + ")") + "; END");
    (void)spi_.run("COMMENT ON FUNCTION " + signature + " IS " +
                   pg::quote_literal(has_encrypted(call)
                                         ? "The function of the plain type, on an encrypted value."
                                         : "Keeps a function of plain types resolving as it does without gdpr."));
}

/// A transition function that opens the values and calls the plain type's, which it finds by its own name.
std::string Twins::transition(const Call &call, const std::string &function, const std::string &state) {
    const std::string name = support_schema() + "." + pg::quote(function),
                      signature = name + "(" + state + ", " + argument_list(call.arguments) + ")";
    if (functions_.insert(signature).second) {
        (void)spi_.run("CREATE FUNCTION " + signature + " RETURNS " + state +
                       " AS '$libdir/gdpr', 'gdpr_transition' LANGUAGE C IMMUTABLE PARALLEL SAFE");
        (void)spi_.run("COMMENT ON FUNCTION " + signature +
                       " IS 'A step of an aggregate of the plain type, on an encrypted value.'");
    }
    return name;
}

void Twins::make_aggregate(const Call &call, const Resolved &plain) {
    const pg::Rows rows = spi_.run(
        "SELECT s.proname, a.aggtranstype::regtype, a.agginitval, a.aggtransspace,"
        "       ', FINALFUNC = ' || nullif(aggfinalfn, 0)::regproc, ', COMBINEFUNC = ' || nullif(aggcombinefn, 0)::regproc,"
        "       ', SERIALFUNC = ' || nullif(aggserialfn, 0)::regproc || ', DESERIALFUNC = ' || aggdeserialfn::regproc,"
        "       m.proname, i.proname, a.aggmtranstype::regtype, a.aggminitval, a.aggmtransspace,"
        "       ', MFINALFUNC = ' || nullif(aggmfinalfn, 0)::regproc, aggfinalextra OR aggmfinalextra OR aggkind <> 'n'"
        "  FROM pg_catalog.pg_aggregate a JOIN pg_catalog.pg_proc s ON s.oid = aggtransfn"
        "  LEFT JOIN pg_catalog.pg_proc m ON m.oid = aggmtransfn LEFT JOIN pg_catalog.pg_proc i ON i.oid = aggminvtransfn"
        " WHERE aggfnoid = $1",
        {pg::param(OIDOID, ObjectIdGetDatum(plain.function))});
    if (rows.boolean(0, 14))
        return;
    const auto initial = [&](const char *what, int column) {
        const auto value = rows.text(0, column);
        return value ? std::string(", ") + what + " = " + pg::quote_literal(*value) : std::string();
    };
    const std::string state = rows.text_or(0, 2);
    std::string options = "SFUNC = " + transition(call, rows.text_or(0, 1), state) + ", STYPE = " + state +
                          ", SSPACE = " + rows.text_or(0, 4) + initial("INITCOND", 3) + rows.text_or(0, 5) +
                          rows.text_or(0, 6) + rows.text_or(0, 7) + ", PARALLEL = SAFE";
    if (rows.text(0, 8)) {
        const std::string moving = rows.text_or(0, 10);
        options += ", MSFUNC = " + transition(call, rows.text_or(0, 8), moving) +
                   ", MINVFUNC = " + transition(call, rows.text_or(0, 9), moving) + ", MSTYPE = " + moving +
                   ", MSSPACE = " + rows.text_or(0, 12) + initial("MINITCOND", 11) + rows.text_or(0, 13);
    }
    const std::string signature = "pg_catalog." + pg::quote(call.name) + "(" + argument_list(call.arguments) + ")";
    (void)spi_.run("CREATE AGGREGATE " + signature + " (" + options + ")");
    (void)spi_.run("COMMENT ON AGGREGATE " + signature + " IS 'The aggregate of the plain type, on encrypted values.'");
}

} // namespace gdpr::encrypted
