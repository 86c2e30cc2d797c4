#include "rights/person.hpp"

#include "encrypted/literal.hpp"
#include "encrypted/type.hpp"
#include "pg/pg.hpp"

namespace gdpr::rights {

subject::Subject person(Oid table, Datum key) {
    const std::string text = pg::to_string(key);
    const pg::OwnerScope scope(table);
    return subject::subject(table, text);
}

subject::Collection collect(const subject::Subject &subject) {
    const pg::OwnerScope scope(subject.table);
    subject::Collection collection(subject);
    if (!collection.exists())
        pg::raise(ERRCODE_NO_DATA_FOUND, pg::relation_name(subject.table) + " has no such person",
                  "No row has this primary key.", "Look the key up with gdpr.find().");
    return collection;
}

Oid travelling_type(Oid type) {
    return pg::call([&] {
        const Oid plain = encrypted::plain_counterpart(getBaseType(type));
        return OidIsValid(plain) ? plain : type;
    });
}

std::optional<std::string> equality(Oid type) {
    struct Name {
        NameData name, schema;
        bool found;
    };
    const Name name = pg::call([&] {
        Name out = {};
        const Oid equals = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
        HeapTuple tuple = OidIsValid(equals) ? SearchSysCache1(OPEROID, ObjectIdGetDatum(equals)) : nullptr;
        if (HeapTupleIsValid(tuple)) {
            const auto *form = reinterpret_cast<Form_pg_operator>(GETSTRUCT(tuple));
            out.name = form->oprname;
            namestrcpy(&out.schema, get_namespace_name(form->oprnamespace));
            out.found = true;
            ReleaseSysCache(tuple);
        }
        return out;
    });
    if (!name.found)
        return std::nullopt;
    return "OPERATOR(" + pg::quote(NameStr(name.schema)) + "." + NameStr(name.name) + ")";
}

Datum input_value(Oid type, std::int32_t typmod, const std::string &text) {
    // An array or a composite may have an encrypted type inside. Strings are themselves, and json knows no types.
    const bool itself = type == JSONOID || type == JSONBOID ||
                        pg::call([&] { return TypeCategory(getBaseType(type)); }) == TYPCATEGORY_STRING;
    if (!itself && text.find(encrypted::literal_prefix) != std::string::npos)
        pg::raise(ERRCODE_INVALID_TEXT_REPRESENTATION, "value holds a ciphertext literal");
    return pg::call([&] {
        Oid input, argument;
        getTypeInputInfo(type, &input, &argument);
        return OidInputFunctionCall(input, const_cast<char *>(text.c_str()), argument, typmod);
    });
}

} // namespace gdpr::rights
