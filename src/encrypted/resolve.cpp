#include "encrypted/resolve.hpp"

#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

List *qualified(const std::string &name) {
    return list_make2(makeString(pstrdup("pg_catalog")), makeString(pstrdup(name.c_str())));
}

void read_signature(Resolved &resolved) {
    Oid *declared;
    int count;
    (void)get_func_signature(resolved.function, &declared, &count);
    std::copy(declared, declared + std::min<int>(count, 8), resolved.declared.begin());
}

Resolved resolve_operator(const Call &call) {
    Resolved resolved;
    Operator found = call.arguments.size() == 1
                         ? left_oper(nullptr, qualified(call.name), call.arguments[0], true, -1)
                         : oper(nullptr, qualified(call.name), call.arguments[0], call.arguments[1], true, -1);
    if (!HeapTupleIsValid(found))
        return resolved;
    const auto *form = reinterpret_cast<Form_pg_operator>(GETSTRUCT(found));
    resolved.object = form->oid;
    resolved.function = form->oprcode;
    resolved.result = form->oprresult;
    ReleaseSysCache(found);
    read_signature(resolved);
    return resolved;
}

Resolved resolve_function(const Call &call) {
    Resolved resolved;
    const int count = static_cast<int>(call.arguments.size());
    auto *types = static_cast<Oid *>(palloc(sizeof(Oid) * call.arguments.size()));
    std::copy(call.arguments.begin(), call.arguments.end(), types);
    Oid variadic;
    Oid *declared;
    int variadic_count;
    List *defaults;
    // With one argument it may be a cast, which is looked for only where there are expressions.
    List *expressions = count == 1 ? list_make1(makeNullConst(types[0], -1, InvalidOid)) : NIL;
    const FuncDetailCode code =
        func_get_detail(qualified(call.name), expressions, NIL, count, types, false, false, false, &resolved.function,
                        &resolved.result, &resolved.set, &variadic_count, &variadic, &declared, &defaults);
    if (code == FUNCDETAIL_COERCION) { // text(x) is a cast, where there is no such function.
        resolved.object = resolved.result;
        resolved.function = InvalidOid;
        resolved.kind = coercion;
        resolved.declared[0] = call.arguments[0];
        return resolved;
    }
    if (code != FUNCDETAIL_NORMAL && code != FUNCDETAIL_AGGREGATE && code != FUNCDETAIL_WINDOWFUNC)
        return Resolved();
    resolved.object = resolved.function;
    resolved.kind = get_func_prokind(resolved.function);
    read_signature(resolved);
    return resolved;
}

} // namespace

Resolved resolve(const Call &call) {
    return pg::call([&] {
        // The rules leave their lists behind, and are asked many thousand times.
        MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "gdpr resolution", ALLOCSET_DEFAULT_SIZES);
        MemoryContext previous = MemoryContextSwitchTo(scratch);
        const Resolved resolved = call.is_operator ? resolve_operator(call) : resolve_function(call);
        MemoryContextSwitchTo(previous);
        MemoryContextDelete(scratch);
        return resolved;
    });
}

bool is_exact(const Call &call) {
    return pg::call([&] {
        if (call.is_operator)
            return OidIsValid(OpernameGetOprid(qualified(call.name),
                                               call.arguments.size() == 1 ? InvalidOid : call.arguments[0],
                                               call.arguments.back()));
        oidvector *arguments = buildoidvector(call.arguments.data(), static_cast<int>(call.arguments.size()));
        const bool found = SearchSysCacheExists3(PROCNAMEARGSNSP, CStringGetDatum(call.name.c_str()),
                                                 PointerGetDatum(arguments), ObjectIdGetDatum(PG_CATALOG_NAMESPACE));
        pfree(arguments);
        return found;
    });
}

bool goes_by_itself(Oid from, Oid to) {
    return from == to || pg::call([&] {
               return can_coerce_type(1, const_cast<Oid *>(&from), const_cast<Oid *>(&to), COERCION_IMPLICIT);
           });
}

} // namespace gdpr::encrypted
