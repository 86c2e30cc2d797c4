#include "pg/equality.hpp"

#include "pg/catalog.hpp"
#include "pg/error.hpp"

namespace gdpr::pg {

std::optional<std::string> equality(Oid type) {
    struct Name {
        NameData name, schema;
        bool found;
    };
    const Name name = call([&] {
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
    return "OPERATOR(" + quote(NameStr(name.schema)) + "." + NameStr(name.name) + ")";
}

std::string equals(Oid type) {
    const std::optional<std::string> own = equality(type);
    return own && !own->starts_with("OPERATOR(pg_catalog.") ? *own : "=";
}

std::string equals(Oid column, Oid type) {
    const bool same = column == type || call([&] { return getBaseType(column) == getBaseType(type); });
    return same ? equals(type) : "=";
}

bool equal_is_same(Oid type, Oid collation) {
    return call([&] {
        const Oid base = getBaseType(type);
        const TypeCacheEntry *known = lookup_type_cache(base, TYPECACHE_BTREE_OPFAMILY);
        // Of bpchar a btree thinks that all are padded to one length, which one without a length is not.
        if (!OidIsValid(known->btree_opf) || base == BPCHAROID)
            return false;
        // What lets a btree keep equal values once tells it.
        const Oid input = known->btree_opintype;
        const Oid same = get_opfamily_proc(known->btree_opf, input, input, BTEQUALIMAGE_PROC);
        return OidIsValid(same) && DatumGetBool(OidFunctionCall1Coll(same, collation, ObjectIdGetDatum(input)));
    });
}

} // namespace gdpr::pg
