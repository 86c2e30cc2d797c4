#include "consent/evidence.hpp"

#include "pg/pg.hpp"

namespace gdpr::consent {

namespace {

/// Members that, where they are there, are strings.
constexpr std::string_view strings[] = {"wording", "version", "locale", "source",      "address",
                                        "agent",   "form",    "method", "valid_until", "born"};

/// The type of a member; nothing where there is none, or it is null.
std::optional<jbvType> type_of(JsonbContainer *object, std::string_view name, std::string *text = nullptr) {
    JsonbValue found;
    const bool there = pg::call([&] {
        return getKeyJsonValueFromContainer(object, name.data(), static_cast<int>(name.size()), &found) != nullptr &&
               found.type != jbvNull;
    });
    if (!there)
        return std::nullopt;
    if (text != nullptr && found.type == jbvString)
        text->assign(found.val.string.val, static_cast<std::size_t>(found.val.string.len));
    return found.type;
}

[[noreturn]] void no_proof(const char *detail) {
    pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the evidence proves nothing", detail,
              "Like '{\"wording\": \"I agree to …\", \"source\": \"web form\"}'.");
}

/// Does the member "parent" say who consented for the child, and how that they may was found out?
bool parent_stated(Jsonb *evidence) {
    const JsonbContainer *parent = pg::call([&]() -> JsonbContainer * {
        JsonbValue found;
        return getKeyJsonValueFromContainer(&evidence->root, "parent", 6, &found) != nullptr &&
                       found.type == jbvBinary && JsonContainerIsObject(found.val.binary.data)
                   ? found.val.binary.data
                   : nullptr;
    });
    std::string name, verified;
    if (parent != nullptr) {
        (void)type_of(const_cast<JsonbContainer *>(parent), "name", &name);
        (void)type_of(const_cast<JsonbContainer *>(parent), "verified", &verified);
    }
    return !name.empty() && !verified.empty();
}

struct Terms {
    std::optional<std::int64_t> child_age, age;
    std::optional<TimestampTz> until;
};

Terms read_terms(Jsonb *evidence, const std::string &purpose) {
    Terms terms;
    const bool understood = pg::attempt(ERRCODE_TO_CATEGORY(ERRCODE_DATA_EXCEPTION), [&] {
        const pg::OwnerScope scope(pg::gdpr_relation("purpose"));
        pg::Spi spi;
        const pg::Rows row = spi.run(
            "SELECT p.child_age::pg_catalog.int8, ($1 ->> 'valid_until')::pg_catalog.timestamptz,"
            "  CASE WHEN $1 ->> 'born' IS NOT NULL THEN"
            "         extract(year FROM pg_catalog.age(pg_catalog.now()::date, ($1 ->> 'born')::date))::pg_catalog.int8"
            "       WHEN $1 ->> 'age' IS NOT NULL THEN ($1 ->> 'age')::pg_catalog.int8"
            "       WHEN $1 -> 'adult' = 'true' THEN 18 END"
            "  FROM gdpr.purpose AS p WHERE p.name = $2",
            {pg::param(JSONBOID, JsonbPGetDatum(evidence)), pg::param(purpose)}, true);
        const auto number = [&](int column) {
            const auto found = row.datum(0, column);
            return found ? std::optional<std::int64_t>(DatumGetInt64(*found)) : std::nullopt;
        };
        terms.child_age = number(1);
        if (const auto until = row.datum(0, 2))
            terms.until = DatumGetTimestampTz(*until);
        terms.age = number(3);
    });
    if (!understood)
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the evidence is not understood",
                  "Its \"valid_until\" is no time, its \"born\" no date, or its \"age\" no number of years.");
    return terms;
}

} // namespace

void require_evidence(Jsonb *evidence, bool with_wording) {
    std::string wording;
    const bool object = JB_ROOT_IS_OBJECT(evidence);
    if (object)
        for (const std::string_view name : strings)
            if (const auto type = type_of(&evidence->root, name, name == "wording" ? &wording : nullptr);
                type && *type != jbvString)
                pg::raise(ERRCODE_INVALID_PARAMETER_VALUE,
                          "member \"" + std::string(name) + "\" of the evidence is not a string");
    if (!object || (with_wording && wording.empty()))
        no_proof(with_wording ? "It must be an object that has \"wording\", the text the person agreed to."
                              : "It must be an object.");
}

pg::Param require_terms(Jsonb *evidence, const std::string &purpose) {
    const Terms terms = read_terms(evidence, purpose);
    if (terms.child_age && !terms.age)
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the purpose is offered to children, and the age is not stated",
                  "Below " + std::to_string(*terms.child_age) + " years a parent must consent (Art. 8).",
                  "Add \"born\", a date, or \"age\", or \"adult\": true, to the evidence.");
    if (terms.child_age && *terms.age < *terms.child_age && !parent_stated(evidence))
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "a child's consent needs that of a parent",
                  "The threshold of this purpose is " + std::to_string(*terms.child_age) + " years (Art. 8).",
                  "Add \"parent\" to the evidence: {\"name\": …, \"verified\": how}.");
    if (terms.until && *terms.until <= GetCurrentStatementStartTimestamp())
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the consent would have lapsed already",
                  "The evidence's \"valid_until\" is in the past.");
    return terms.until ? pg::param(TIMESTAMPTZOID, TimestampTzGetDatum(*terms.until)) : pg::null_param(TIMESTAMPTZOID);
}

} // namespace gdpr::consent
