#include "encrypted/type.hpp"

#include "gate/gate.hpp"
#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

// Everything a generation learnt lives in one context. An invalidation starts a new generation at once; the old
// one is freed at the end of the transaction, when no function can still be using it.
MemoryContext generation_context = nullptr;
HTAB *types = nullptr;
std::uint64_t generation = 1;
std::uint64_t counterparts = 1; // counts what may change which type is an encrypted one
List *stale_contexts = NIL;

struct Entry {
    Oid encrypted; // hash key
    EncryptedType type;
};

// What a call site keeps in fn_extra.
struct CallCache {
    std::uint64_t generation; // never zero once the type is known
    const EncryptedType *type;
};

struct ComparisonCache {
    std::uint64_t generation;
    Comparison comparison;
    FmgrInfo between; // where the operands are of two types
};

void forget_counterparts(Datum, int, uint32) { counterparts++; }

void free_stale(XactEvent event) {
    if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PARALLEL_COMMIT &&
        event != XACT_EVENT_PARALLEL_ABORT && event != XACT_EVENT_PREPARE)
        return;
    ListCell *cell;
    foreach (cell, stale_contexts)
        MemoryContextDelete(static_cast<MemoryContext>(lfirst(cell)));
    list_free(stale_contexts);
    stale_contexts = NIL;
}

pg::AtTransactionEnd at_end(free_stale);

void invalidate(Datum, int, uint32) {
    generation++;
    counterparts++;
    if (generation_context == nullptr)
        return;
    at_end.arm();
    MemoryContext previous = MemoryContextSwitchTo(TopMemoryContext);
    stale_contexts = lappend(stale_contexts, generation_context);
    MemoryContextSwitchTo(previous);
    generation_context = nullptr;
    types = nullptr;
}

/// gdpr.decrypt(encrypted) is what makes a type an encrypted type; its result is the plain type.
Oid plain_type(Oid encrypted) {
    if (encrypted < FirstNormalObjectId) // none of PostgreSQL's own is one
        return InvalidOid;
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

/// The hash function of the plain type's default operator class, for the class's own input type.
Oid hash_function(Oid plain) {
    const Oid opclass = GetDefaultOpClass(plain, HASH_AM_OID);
    if (!OidIsValid(opclass))
        return InvalidOid;
    const Oid input = get_opclass_input_type(opclass);
    return get_opfamily_proc(get_opclass_family(opclass), input, input, HASHEXTENDED_PROC);
}

/// Object ids of types that are made here are another database's after a restore.
bool holds_own_ids(Oid type) {
    type = getBaseType(type);
    const Oid element = get_element_type(type);
    return OidIsValid(element) ? element >= FirstNormalObjectId || holds_own_ids(element) : type_is_rowtype(type);
}

/// PostgreSQL's own types are known by their id, everywhere the same; others by the name of the encrypted type.
std::uint32_t identity_of(Oid encrypted, Oid plain) {
    if (plain < FirstNormalObjectId)
        return plain;
    HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(encrypted));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for type %u", encrypted);
    std::uint32_t hash = 2166136261U; // FNV-1a: the value is stored, so it must never change
    for (const char *next = NameStr(reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple))->typname); *next != '\0'; next++)
        hash = (hash ^ static_cast<std::uint8_t>(*next)) * 16777619U;
    ReleaseSysCache(tuple);
    return hash | 0x80000000U;
}

/// Every look-up here may process an invalidation that ends the generation, so its context comes as an argument.
void fill(EncryptedType *type, Oid encrypted, Oid plain, MemoryContext context) {
    Oid function, argument;
    bool variable;
    char align;
    type->encrypted = encrypted;
    type->plain = plain;
    get_typlenbyvalalign(plain, &type->length, &type->by_value, &align);
    const Oid base = getBaseType(plain);
    type->by_send = type_is_enum(base) || type_is_rowtype(base) || OidIsValid(get_element_type(base)) ||
                    type_is_range(base) || type_is_multirange(base);
    type->adopts = type->by_send && holds_own_ids(base);
    type->identity = identity_of(encrypted, plain);
    getTypeInputInfo(plain, &function, &type->element_argument);
    find_function(function, &type->input, context);
    getTypeOutputInfo(plain, &function, &variable);
    find_function(function, &type->output, context);
    getTypeBinaryInputInfo(plain, &function, &argument);
    find_function(function, &type->receive, context);
    getTypeBinaryOutputInfo(plain, &function, &variable);
    find_function(function, &type->send, context);
    type->operand = operand_of(plain);
    type->family = InvalidOid;
    type->compare.fn_oid = InvalidOid;
    const Oid opclass = GetDefaultOpClass(plain, BTREE_AM_OID);
    if (OidIsValid(opclass)) {
        const Oid input = get_opclass_input_type(opclass);
        type->family = get_opclass_family(opclass);
        find_function(get_opfamily_proc(type->family, input, input, BTORDER_PROC), &type->compare, context);
    }
    find_function(hash_function(plain), &type->hash, context);
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
    if (cache != nullptr && cache->generation == generation)
        return *cache->type;
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
        if (encrypted == ANYOID)
            encrypted = get_fn_expr_argtype(fcinfo->flinfo, argument);
    }
    if (cache == nullptr) {
        pg::boundary([] { gate::require_gated_plan(); });
        cache = static_cast<CallCache *>(MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallCache)));
        fcinfo->flinfo->fn_extra = cache;
    }
    const EncryptedType &type = type_of(encrypted);
    cache->type = &type;
    cache->generation = generation;
    return type;
}

const Comparison &comparison_of_call(FunctionCallInfo fcinfo) {
    auto *cache = static_cast<ComparisonCache *>(fcinfo->flinfo->fn_extra);
    if (cache != nullptr && cache->generation == generation)
        return cache->comparison;
    if (cache == nullptr) {
        cache =
            static_cast<ComparisonCache *>(MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(ComparisonCache)));
        fcinfo->flinfo->fn_extra = cache;
    }
    Oid *arguments;
    int count;
    (void)get_func_signature(fcinfo->flinfo->fn_oid, &arguments, &count);
    Comparison found = {};
    Oid operands[2];
    std::uint64_t started;
    do {
        started = generation;
        for (int side = 0; side < 2; side++) {
            found.types[side] = look_up(arguments[side]);
            operands[side] = found.types[side] != nullptr ? found.types[side]->operand : arguments[side];
        }
    } while (generation != started);
    const EncryptedType &type = found.types[0] != nullptr ? *found.types[0] : type_of(arguments[1]);
    if (!OidIsValid(type.compare.fn_oid))
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_FUNCTION), errmsg("type %s has no order", format_type_be(type.plain))));
    found.compare = &type.compare;
    if (operands[0] != operands[1]) {
        // A look-up may end the generation; its types live until the end of the transaction all the same.
        find_function(get_opfamily_proc(type.family, operands[0], operands[1], BTORDER_PROC), &cache->between,
                      fcinfo->flinfo->fn_mcxt);
        if (!OidIsValid(cache->between.fn_oid))
            ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
                            errmsg("types %s and %s have no common order", format_type_be(operands[0]),
                                   format_type_be(operands[1]))));
        found.compare = &cache->between;
    }
    cache->comparison = found;
    cache->generation = started;
    return cache->comparison;
}

Oid operand_of(Oid plain) {
    const Oid opclass = GetDefaultOpClass(plain, BTREE_AM_OID);
    const Oid input = OidIsValid(opclass) ? get_opclass_input_type(opclass) : plain;
    return is_generic(input) ? plain : input;
}

Oid operator_between(const char *name, Oid left, Oid right) {
    for (const char *schema : {"pg_catalog", hidden_schema})
        if (const Oid found =
                OpernameGetOprid(list_make2(makeString(pstrdup(schema)), makeString(pstrdup(name))), left, right);
            OidIsValid(found))
            return found;
    return InvalidOid;
}

Oid plain_counterpart(Oid type) {
    // Asked for every expression of every statement; of most types the answer is that there is none.
    struct Known {
        std::uint64_t counterparts;
        Oid type, plain;
    };
    static Known known[64];
    if (type < FirstNormalObjectId)
        return InvalidOid;
    Known &place = known[type % std::size(known)];
    if (place.type != type || place.counterparts != counterparts) {
        const std::uint64_t started = counterparts;
        const Oid plain = plain_type(type);
        place = {started, type, plain};
    }
    return place.plain;
}

Oid travelling_type(Oid type) {
    return pg::call([&] {
        const Oid plain = plain_counterpart(getBaseType(type));
        return OidIsValid(plain) ? plain : type;
    });
}

Oid encrypted_counterpart(Oid plain) {
    const Oid schema = get_namespace_oid("gdpr", true);
    if (!OidIsValid(schema))
        return InvalidOid;
    Oid found = InvalidOid;
    CatCList *functions = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum("decrypt"));
    for (int i = 0; i < functions->n_members && !OidIsValid(found); i++) {
        const auto *form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(&functions->members[i]->tuple));
        if (form->pronamespace == schema && form->prorettype == plain && form->pronargs == 1)
            found = form->proargtypes.values[0];
    }
    ReleaseSysCacheList(functions);
    return found;
}

void init_types() {
    CacheRegisterSyscacheCallback(TYPEOID, invalidate, 0);
    CacheRegisterSyscacheCallback(PROCOID, forget_counterparts, 0);
}

} // namespace gdpr::encrypted
