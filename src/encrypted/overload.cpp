// Overloads: with the casts alone, some calls over an encrypted type would resolve otherwise than over the plain one
// (sum of an encrypted integer as that of a float), or not at all, and even some calls over plain types would. Each
// such call gets a twin for exactly its types, which calls what the plain types call. Which ones need it is found by
// asking PostgreSQL's own rules, before the casts and after, until nothing differs.
#include "encrypted/define.hpp"
#include "encrypted/twin.hpp"
#include "encrypted/type.hpp"
#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

Types declared_on(Oid function) {
    Oid *types = nullptr;
    int count = 0;
    pg::call([&] { (void)get_func_signature(function, &types, &count); });
    return Types(types, types + count);
}

class Overloads {
  public:
    Overloads(pg::Spi &spi, const Types &plains) : spi_(spi) {
        for (const Pair &each : encrypted_types(spi)) {
            plain_of_[each.encrypted] = each.plain;
            if (std::find(plains.begin(), plains.end(), each.plain) != plains.end())
                encrypted_of_[each.plain] = each.encrypted;
        }
    }
    void run(const Types &plains) {
        collect();
        for (const auto &[name, calls] : calls_)
            for (const Call &call : calls)
                (void)baseline(call);
        define_casts(spi_, plains);
        // Operators first: what is behind them keeps their indexes in use.
        for (const bool operators : {true, false})
            for (const auto &[name, calls] : calls_)
                if (name.first == operators)
                    settle(calls);
        for (const auto &[name, calls] : calls_)
            if (!name.first)
                make_loud(calls);
        twins_.join_families();
    }

  private:
    using Options = std::vector<Types>;

    void collect();
    void vary(bool is_operator, const std::string &name, const Types &declared);
    void vary_ranges(const std::string &name, const Types &declared);
    void vary_arrays(const std::string &name);
    void find_arrays();
    void add(bool is_operator, const std::string &name, const Options &options);
    Types options(Oid declared, bool exactly) const;

    void settle(const std::set<Call> &calls);
    void make_loud(const std::set<Call> &calls);
    bool is_silent(const Call &call);
    int rank(const Call &call);
    bool keep_unless_harmful(const Call &call, const std::set<Call> &calls);
    const Resolved &baseline(const Call &call);
    bool serves(const Call &call, const Resolved &found, const Resolved &plain);
    bool make(const Call &call, const Resolved &plain);
    Types known(const Call &call, const Resolved &plain) const;

    Oid plain_type(Oid type) const { return twins_.plain_type(type); }
    Call plain(const Call &call) const { return twins_.plain(call); }
    bool has_encrypted(const Call &call) const { return twins_.has_encrypted(call); }

    pg::Spi &spi_;
    std::map<Oid, Oid> plain_of_;     // of every encrypted type
    std::map<Oid, Oid> encrypted_of_; // of the plain types whose calls are to be settled
    Twins twins_{spi_, plain_of_, encrypted_of_};
    std::vector<std::pair<Oid, Oid>> arrays_; // of plain types and of their encrypted types, where both may meet
    std::set<Oid> sources_;                   // what goes to these plain types by itself
    std::map<std::pair<bool, std::string>, std::set<Call>> calls_;
    std::map<Call, Resolved> baseline_;
    std::map<Oid, Oid> original_; // of a twin
    std::set<Call> given_up_;
};

/// What may stand where `declared` is: itself, and every plain and encrypted type that goes there, and what will go
/// to an encrypted type.
Types Overloads::options(Oid declared, bool exactly) const {
    Types out{declared};
    for (const auto &[plain, encrypted] : encrypted_of_) {
        if (plain == declared)
            out.push_back(encrypted);
        else if (!exactly && goes_by_itself(plain, declared)) {
            out.push_back(plain);
            out.push_back(encrypted);
        }
    }
    for (const Oid source : sources_)
        if (!exactly && source != declared && encrypted_of_.count(source) == 0 && goes_by_itself(source, declared))
            out.push_back(source);
    return out;
}

void Overloads::add(bool is_operator, const std::string &name, const Options &options) {
    std::vector<Types> all{{}};
    for (const Types &each : options) {
        std::vector<Types> longer;
        for (const Types &begun : all)
            for (const Oid type : each) {
                longer.push_back(begun);
                longer.back().push_back(type);
            }
        all = std::move(longer);
    }
    for (Types &each : all)
        calls_[{is_operator, name}].insert({is_operator, name, std::move(each)});
}

/// With one or two arguments in every combination; with more, one of them varies freely at a time.
void Overloads::vary(bool is_operator, const std::string &name, const Types &declared) {
    const std::size_t count = declared.size();
    for (std::size_t free = 0; free < count; free++) {
        Options each;
        for (std::size_t i = 0; i < count; i++)
            each.push_back(options(declared[i], count > 2 && i != free));
        if (std::all_of(each.begin(), each.end(), [](const Types &types) { return types.size() == 1; }))
            return;
        if (count == 2)
            each[1 - free].push_back(UNKNOWNOID);
        add(is_operator, name, each);
        if (count > 2) {
            Options literals(count, Types{UNKNOWNOID});
            literals[free] = each[free];
            literals[free].push_back(UNKNOWNOID);
            add(is_operator, name, literals);
        }
    }
}

/// An element and a range of it; a literal beside the range is a range, as always. Where something else goes to the
/// element's type by itself, it would now go into ranges too: there the encrypted type needs a cast.
void Overloads::vary_ranges(const std::string &name, const Types &declared) {
    const pg::Rows rows = spi_.run("SELECT rngsubtype, rngtypid, rngmultitypid FROM pg_catalog.pg_range r"
                                   " WHERE rngtypid < 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_cast"
                                   "  WHERE casttarget = rngsubtype AND castsource <> casttarget AND castcontext = 'i'"
                                   "    AND castsource < 16384) ORDER BY 2");
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const auto found = encrypted_of_.find(rows.oid(row, 1));
        if (found == encrypted_of_.end())
            continue;
        const Types ranges{rows.oid(row, 2), rows.oid(row, 3)},
            others{found->first, found->second, ranges[0], ranges[1], UNKNOWNOID};
        Options each;
        for (const Oid type : declared)
            each.push_back(type == ANYELEMENTOID ? others : ranges);
        add(true, name, each);
    }
}

/// An array of the type beside a plain one. Where other types go to the plain type by itself, so do their arrays, and
/// integer[] = numeric[], an error, would no longer be one: there the encrypted array needs a cast.
void Overloads::find_arrays() {
    const pg::Rows rows = spi_.run(
        "SELECT t.oid, t.typarray FROM pg_catalog.pg_type t WHERE t.oid < 16384 AND t.typarray <> 0 AND NOT EXISTS"
        " (SELECT FROM pg_catalog.pg_cast JOIN pg_catalog.pg_type s ON s.oid = castsource AND s.typcategory <> 'Z'"
        "   WHERE casttarget = t.oid AND castsource <> t.oid AND castcontext = 'i' AND castsource < 16384)");
    for (std::uint64_t row = 0; row < rows.size() && creating_extension; row++) {
        const auto found = encrypted_of_.find(rows.oid(row, 1));
        if (found == encrypted_of_.end())
            continue;
        const Oid sealed = pg::call([&] { return get_array_type(found->second); });
        const std::string signature = "gdpr.decrypted_array(" + pg::type_name(sealed) + ")";
        define_function(spi_, signature, pg::type_name(rows.oid(row, 2)), "gdpr_decrypted_array", "IMMUTABLE",
                        "The plaintext of an array of encrypted values.");
        arrays_.emplace_back(rows.oid(row, 2), sealed);
        plain_of_[sealed] = rows.oid(row, 2);
    }
}

void Overloads::vary_arrays(const std::string &name) {
    for (const auto &[plain, sealed] : arrays_) {
        add(true, name, {{plain}, {sealed}});
        add(true, name, {{sealed}, {plain}});
    }
}

void Overloads::collect() {
    find_arrays();
    const pg::Rows casts = spi_.run("SELECT castsource, casttarget FROM pg_catalog.pg_cast"
                                    "  JOIN pg_catalog.pg_type ON pg_type.oid = castsource AND typcategory <> 'Z'"
                                    " WHERE castcontext = 'i' AND castsource < 16384 AND casttarget <> castsource");
    for (std::uint64_t row = 0; row < casts.size(); row++)
        if (encrypted_of_.count(casts.oid(row, 2)) > 0)
            sources_.insert(casts.oid(row, 1));
    const pg::Rows rows = spi_.run(
        "SELECT true, oprname, CASE WHEN oprkind = 'b' THEN oprleft::pg_catalog.text || ' ' ELSE '' END || oprright,"
        "       false"
        "  FROM pg_catalog.pg_operator WHERE oprnamespace = 11 AND oid < 16384"
        // The operators of text_pattern_ops would need so many that plain text lost them.
        "   AND oprname <> ALL ('{~<~,~<=~,~>~,~>=~}')"
        " UNION ALL "
        "SELECT false, p.proname, p.proargtypes::pg_catalog.text,"
        "       count(*) OVER (PARTITION BY p.proname) = 1 AND pronargdefaults = 0"
        "  FROM pg_catalog.pg_proc p WHERE p.pronamespace = 11 AND p.oid < 16384 AND p.prokind <> 'p' AND provariadic = 0"
        // Window frames ask the operator class; twins of width_bucket make plain numbers ambiguous; the others run the
        // server.
        "   AND p.proname <> ALL ('{in_range,width_bucket}') AND p.proname !~ '^(pg_(?!size_pretty)|lo_|loread|lowrite|txid_|has_|binary_upgrade)'"
        "   AND p.pronargs BETWEEN 1 AND 8 AND p.prorettype <> ALL ('{internal,trigger,event_trigger,cstring}'::regtype[])"
        "   AND NOT p.proargtypes::pg_catalog.oid[] && '{internal,cstring}'::pg_catalog.regtype[]::pg_catalog.oid[]");
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        Types declared;
        std::string list = rows.text_or(row, 3);
        for (char *at = list.data(); *at != '\0';)
            declared.push_back(static_cast<Oid>(std::strtoul(at, &at, 10)));
        const auto takes = [&](auto... types) {
            return std::any_of(declared.begin(), declared.end(),
                               [&](Oid type) { return ((type == Oid(types)) || ...); });
        };
        if (rows.boolean(row, 1) && takes(ANYELEMENTOID) && takes(ANYRANGEOID, ANYMULTIRANGEOID))
            vary_ranges(rows.text_or(row, 2), declared);
        if (rows.boolean(row, 1) && declared == Types{ANYARRAYOID, ANYARRAYOID})
            vary_arrays(rows.text_or(row, 2));
        if (!rows.boolean(row, 4))
            vary(rows.boolean(row, 1), rows.text_or(row, 2), declared);
    }
}

const Resolved &Overloads::baseline(const Call &call) {
    const auto [found, is_new] = baseline_.try_emplace(plain(call));
    if (is_new)
        found->second = resolve(found->first);
    return found->second;
}

bool Overloads::serves(const Call &call, const Resolved &found, const Resolved &plain) {
    if (!found)
        return false;
    for (std::size_t i = 0; i < call.arguments.size(); i++)
        if (call.arguments[i] == UNKNOWNOID && plain_type(found.declared[i]) != plain.declared[i] &&
            !IsPolymorphicType(plain.declared[i]))
            return false; // A literal or parameter would be of another type.
    if (found.object == plain.object)
        return true;
    if (const auto twin = original_.find(found.object); twin != original_.end())
        return twin->second == plain.object;
    if (found.object < FirstNormalObjectId)
        return false;
    // A comparison of the operator class.
    return baseline({call.is_operator, call.name,
                     Types(found.declared.begin(), found.declared.begin() + std::ssize(call.arguments))})
               .object == plain.object;
}

/// How general a twin for the call would be: first those that are encrypted throughout, of the very types that are
/// declared. They serve many other calls, of which each twin of its own would make more ambiguous.
int Overloads::rank(const Call &call) {
    const Resolved &plain = baseline(call);
    int encrypted = 0;
    bool exactly = true, known = true;
    for (std::size_t i = 0; i < call.arguments.size(); i++) {
        encrypted += static_cast<int>(plain_of_.count(call.arguments[i]));
        known = known && call.arguments[i] != UNKNOWNOID;
        exactly = exactly && plain_type(call.arguments[i]) == plain.declared[i];
    }
    return (exactly ? 0 : known ? 100 : 200) - encrypted;
}

void Overloads::settle(const std::set<Call> &calls) {
    std::multimap<int, const Call *> ranked;
    for (const Call &call : calls)
        ranked.emplace(rank(call), &call);
    const auto differs = [&](const Call &call) {
        const Resolved &plain = baseline(call);
        return plain && !serves(call, resolve(call), plain) && given_up_.count(call) == 0 && make(call, plain) &&
               keep_unless_harmful(call, calls);
    };
    // Each twin changes what the rules find for the others.
    for (bool changed = true; changed;) {
        changed = false;
        for (const auto &each : ranked)
            changed = differs(*each.second) || changed;
    }
}

/// Some twins would change what plain types resolve to, or take literals for something else. There the encrypted type
/// goes without the twin, and needs a cast. Comparisons of plain types, and ranges, get twins of their own.
bool Overloads::keep_unless_harmful(const Call &call, const std::set<Call> &calls) {
    const Types twin = known(call, baseline(call));
    const auto fits = [&](const Call &other) {
        bool each = other.arguments.size() == twin.size();
        for (std::size_t i = 0; each && i < twin.size(); i++)
            each = other.arguments[i] == UNKNOWNOID || goes_by_itself(other.arguments[i], twin[i]);
        return each;
    };
    const Oid made = resolve({call.is_operator, call.name, twin}).object;
    const auto unharmed = [&](const Call &other) {
        const bool literal =
            std::find(other.arguments.begin(), other.arguments.end(), UNKNOWNOID) != other.arguments.end();
        if ((has_encrypted(other) && !literal) || !fits(other))
            return true;
        const Resolved &before = baseline(other);
        const Resolved after = resolve(other);
        if (has_encrypted(other) && after.object != made)
            return true;
        return before ? serves(other, after, before) : !after;
    };
    const bool of_range = std::any_of(twin.begin(), twin.end(), [](Oid type) {
        return pg::call([&] { return type_is_range(type) || type_is_multirange(type); });
    });
    // Of strings there are so many, which all go to each other, that the plain ones would need twins themselves.
    const bool of_strings = std::all_of(twin.begin(), twin.end(), is_textual);
    if ((compares(call) && !of_strings) || of_range || std::all_of(calls.begin(), calls.end(), unharmed))
        return true;
    const bool harms_plain = std::any_of(calls.begin(), calls.end(),
                                         [&](const Call &other) { return !has_encrypted(other) && !unharmed(other); });
    twins_.drop({call.is_operator, call.name, twin}, baseline(call));
    // Better a literal of another type than a call of another operator.
    if (!harms_plain && resolve(call)) {
        twins_.make({call.is_operator, call.name, twin}, baseline(call));
        original_[resolve({call.is_operator, call.name, twin}).object] = baseline(call).object;
    }
    given_up_.insert(call);
    return true;
}

/// With a literal the call finds another function than over the plain type, or one where the plain type's is not
/// decided.
bool Overloads::is_silent(const Call &call) {
    if (!has_encrypted(call) ||
        std::find(call.arguments.begin(), call.arguments.end(), UNKNOWNOID) == call.arguments.end())
        return false;
    const Resolved &plain = baseline(call);
    const Resolved found = resolve(call);
    if (!found || found.object == plain.object)
        return false;
    const auto twin = original_.find(found.object);
    return twin == original_.end() ? !plain : twin->second != plain.object;
}

/// Where no twin can serve a call that would find another function, twins that are as near to it as that one make it
/// undecided: better an error than another result.
void Overloads::make_loud(const std::set<Call> &calls) {
    const auto harmful = [&] {
        return std::any_of(calls.begin(), calls.end(), [&](const Call &other) {
            return !has_encrypted(other) && bool(resolve(other)) != bool(baseline(other));
        });
    };
    for (const Call &call : calls) {
        if (!is_silent(call))
            continue;
        std::vector<Call> made;
        const pg::Rows rows = spi_.run(
            "SELECT p.oid FROM pg_catalog.pg_proc p WHERE p.proname = $1 AND p.pronamespace = 11 AND p.oid < 16384"
            "   AND p.pronargs = $2 AND p.prokind = 'f' AND p.provariadic = 0 ORDER BY 1",
            {pg::param(call.name), pg::param(static_cast<std::int64_t>(call.arguments.size()))});
        for (std::uint64_t row = 0; row < rows.size(); row++) {
            const Types declared = declared_on(rows.oid(row, 1));
            bool takes = true;
            Call near{false, call.name, declared};
            for (std::size_t i = 0; i < declared.size(); i++) {
                takes =
                    takes && (plain_of_.count(call.arguments[i]) == 0 || plain_type(call.arguments[i]) == declared[i]);
                if (const auto own = encrypted_of_.find(declared[i]); own != encrypted_of_.end())
                    near.arguments[i] = own->second;
            }
            const Resolved &plain = baseline(near);
            if (!takes || is_exact(near) || !plain || plain.object != rows.oid(row, 1))
                continue;
            twins_.make(near, plain);
            original_[resolve(near).object] = plain.object;
            made.push_back(near);
        }
        // Not where plain types' calls would become undecided, too.
        if (!resolve(call) && !harmful())
            continue;
        for (const Call &each : made) {
            original_.erase(resolve(each).object);
            twins_.drop(each, baseline(each));
        }
    }
}

/// A literal of unknown type is taken to be of the type that stands beside it, where that is what is declared.
Types Overloads::known(const Call &call, const Resolved &plain) const {
    Types types = call.arguments;
    for (std::size_t i = 0; i < types.size(); i++)
        if (types[i] == UNKNOWNOID) {
            const auto same = std::find_if(types.begin(), types.end(), [&](Oid type) {
                return plain_of_.count(type) > 0 && plain_type(type) == plain.declared[i];
            });
            types[i] = same != types.end()                    ? *same
                       : IsPolymorphicType(plain.declared[i]) ? types[1 - i]
                                                              : plain.declared[i];
        }
    return types;
}

bool Overloads::make(const Call &call, const Resolved &plain) {
    const Call exact{call.is_operator, call.name, known(call, plain)};
    if (is_exact(exact) || std::any_of(exact.arguments.begin(), exact.arguments.end(), is_generic) ||
        (!has_encrypted(exact) && std::all_of(exact.arguments.begin(), exact.arguments.end(), is_textual)) ||
        baseline(exact).object != plain.object || is_generic(plain.result) || plain.kind == PROKIND_WINDOW ||
        (plain.kind == PROKIND_AGGREGATE && !has_encrypted(exact)))
        return false;
    twins_.make(exact, plain);
    const Resolved twin = resolve(exact);
    if (twin)
        original_[twin.object] = plain.object;
    return bool(twin);
}

} // namespace

void define_overloads(pg::Spi &spi, const Types &plains) { Overloads(spi, plains).run(plains); }

} // namespace gdpr::encrypted
