#include "encrypted/type.hpp"

#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

// Everything a generation learnt lives in one context. An invalidation starts a new generation at once; the old
// one is freed at the end of the transaction, when no function can still be using it.
MemoryContext generation_context = nullptr;
HTAB *types = nullptr;
std::uint64_t generation = 1;
List *stale_contexts = NIL;

struct Entry {
    Oid encrypted; // hash key
    EncryptedType type;
};

// What a call site keeps in fn_extra: its two operands may be of different encrypted types.
struct CallCache {
    std::uint64_t generation;
    const EncryptedType *types[2];
};

void invalidate(Datum, int, uint32) {
    generation++;
    if (generation_context == nullptr)
        return;
    MemoryContext previous = MemoryContextSwitchTo(TopMemoryContext);
    stale_contexts = lappend(stale_contexts, generation_context);
    MemoryContextSwitchTo(previous);
    generation_context = nullptr;
    types = nullptr;
}

void free_stale(XactEvent event, void *) {
    if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PARALLEL_COMMIT &&
        event != XACT_EVENT_PARALLEL_ABORT && event != XACT_EVENT_PREPARE)
        return;
    ListCell *cell;
    foreach (cell, stale_contexts)
        MemoryContextDelete(static_cast<MemoryContext>(lfirst(cell)));
    list_free(stale_contexts);
    stale_contexts = NIL;
}

/// gdpr.decrypt(encrypted) is what makes a type an encrypted type; its result is the plain type.
Oid plain_type(Oid encrypted) {
    const Oid schema = get_namespace_oid("gdpr", true);
    if (!OidIsValid(schema))
        return InvalidOid;
    oidvector *arguments = buildoidvector(&encrypted, 1);
    HeapTuple tuple = SearchSysCache3(PROCNAMEARGSNSP, CStringGetDatum("decrypt"), PointerGetDatum(arguments),
                                      ObjectIdGetDatum(schema));
    pfree(arguments);
    if (!HeapTupleIsValid(tuple))
        return InvalidOid;
    const Oid plain = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->prorettype;
    ReleaseSysCache(tuple);
    return plain;
}

void find_function(Oid function, FmgrInfo *info, MemoryContext context) {
    info->fn_oid = InvalidOid;
    if (OidIsValid(function))
        fmgr_info_cxt(function, info, context);
}

/// A support function of the plain type's default operator class, for the class's own input type.
Oid support_function(Oid plain, Oid method, int16 number) {
    const Oid opclass = GetDefaultOpClass(plain, method);
    if (!OidIsValid(opclass))
        return InvalidOid;
    const Oid input = get_opclass_input_type(opclass);
    return get_opfamily_proc(get_opclass_family(opclass), input, input, number);
}

/// Every look-up here may process an invalidation that ends the generation, so its context comes as an argument.
void fill(EncryptedType *type, Oid encrypted, Oid plain, MemoryContext context) {
    Oid function, argument;
    bool variable;
    char align;
    type->encrypted = encrypted;
    type->plain = plain;
    get_typlenbyvalalign(plain, &type->length, &type->by_value, &align);
    getTypeInputInfo(plain, &function, &type->element_argument);
    find_function(function, &type->input, context);
    getTypeOutputInfo(plain, &function, &variable);
    find_function(function, &type->output, context);
    getTypeBinaryInputInfo(plain, &function, &argument);
    find_function(function, &type->receive, context);
    getTypeBinaryOutputInfo(plain, &function, &variable);
    find_function(function, &type->send, context);
    find_function(support_function(plain, BTREE_AM_OID, BTORDER_PROC), &type->compare, context);
    find_function(support_function(plain, HASH_AM_OID, HASHEXTENDED_PROC), &type->hash, context);
    Oid resize;
    if (find_typmod_coercion_function(plain, &resize) != COERCION_PATH_FUNC)
        resize = InvalidOid;
    find_function(resize, &type->resize, context);
    type->textual = TypeCategory(plain) == TYPCATEGORY_STRING;
    find_function(F_TO_JSON, &type->to_json, context);
    MemoryContext previous = MemoryContextSwitchTo(context);
    fmgr_info_set_expr(
        reinterpret_cast<Node *>(makeFuncExpr(F_TO_JSON, JSONOID, list_make1(makeNullConst(plain, -1, InvalidOid)),
                                              InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL)),
        &type->to_json);
    MemoryContextSwitchTo(previous);
    type->resize_arguments = OidIsValid(resize) ? get_func_nargs(resize) : 0;
}

const EncryptedType *look_up(Oid encrypted) {
    if (types == nullptr) {
        MemoryContext context = AllocSetContextCreate(CacheMemoryContext, "gdpr encrypted types", ALLOCSET_SMALL_SIZES);
        HASHCTL control = {};
        control.keysize = sizeof(Oid);
        control.entrysize = sizeof(Entry);
        control.hcxt = context;
        types = hash_create("gdpr encrypted types", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
        generation_context = context;
    }
    bool found;
    const auto *known = static_cast<Entry *>(hash_search(types, &encrypted, HASH_FIND, &found));
    if (found)
        return &known->type;

    // A catalog look-up may process an invalidation and start a new generation under our feet: then start over.
    const std::uint64_t started = generation;
    const Oid plain = plain_type(encrypted);
    if (generation != started)
        return look_up(encrypted);
    if (!OidIsValid(plain))
        return nullptr;
    MemoryContext context = generation_context;
    auto *type = static_cast<EncryptedType *>(MemoryContextAllocZero(context, sizeof(EncryptedType)));
    fill(type, encrypted, plain, context);
    if (generation != started)
        return look_up(encrypted);
    auto *entry = static_cast<Entry *>(hash_search(types, &encrypted, HASH_ENTER, &found));
    entry->type = *type;
    return &entry->type;
}

} // namespace

const EncryptedType &type_of(Oid encrypted) {
    const EncryptedType *type = look_up(encrypted);
    if (type == nullptr)
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                        errmsg("type %s is not an encrypted type", format_type_be(encrypted))));
    return *type;
}

const EncryptedType &type_of_call(FunctionCallInfo fcinfo, int argument) {
    auto *cache = static_cast<CallCache *>(fcinfo->flinfo->fn_extra);
    const int slot = argument == 1 ? 1 : 0;
    if (cache != nullptr && cache->generation == generation && cache->types[slot] != nullptr)
        return *cache->types[slot];
    const Oid function = fcinfo->flinfo->fn_oid;
    Oid encrypted = InvalidOid;
    if (argument < 0)
        encrypted = get_func_rettype(function);
    else {
        Oid *arguments;
        int count;
        (void)get_func_signature(function, &arguments, &count);
        if (argument < count)
            encrypted = arguments[argument];
    }
    if (cache == nullptr) {
        cache = static_cast<CallCache *>(MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallCache)));
        fcinfo->flinfo->fn_extra = cache;
    }
    const EncryptedType &type = type_of(encrypted);
    if (cache->generation != generation)
        cache->types[0] = cache->types[1] = nullptr;
    cache->types[slot] = &type;
    cache->generation = generation;
    return type;
}

Oid plain_counterpart(Oid type) { return plain_type(type); }

Oid encrypted_counterpart(Oid plain) {
    const Oid schema = get_namespace_oid("gdpr", true);
    HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(plain));
    if (!OidIsValid(schema) || !HeapTupleIsValid(tuple))
        return InvalidOid;
    char name[NAMEDATALEN + 16];
    const auto *form = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
    pg_snprintf(name, sizeof name, "encrypted_%s", NameStr(form->typname));
    ReleaseSysCache(tuple);
    const Oid candidate =
        GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name), ObjectIdGetDatum(schema));
    return OidIsValid(candidate) && plain_type(candidate) == plain ? candidate : InvalidOid;
}

void init_types() {
    CacheRegisterSyscacheCallback(TYPEOID, invalidate, 0);
    RegisterXactCallback(free_stale, nullptr);
}

} // namespace gdpr::encrypted
