// Steps of aggregates: an encrypted value is opened and the plain type's transition function, which has the same name
// in pg_catalog, does the work. Written by hand is only what the executor does for a strict one, since the state is not
// of the encrypted type.
#include "encrypted/value.hpp"
#include "pg/pg.hpp"

using namespace gdpr;

namespace {

struct Step {
    FmgrInfo plain;
    const encrypted::EncryptedType *types[FUNC_MAX_ARGS]; // of each argument; none where it is plain
};

/// The call as the plain type's function would know it: it may ask for the types of its arguments.
Node *plain_call(Node *expression, const Step *step) {
    if (expression == nullptr || !IsA(expression, FuncExpr))
        return expression;
    auto *call = reinterpret_cast<FuncExpr *>(copyObject(expression));
    int i = 0;
    ListCell *cell;
    foreach (cell, call->args) {
        if (step->types[i] != nullptr && IsA(lfirst(cell), Param))
            lfirst_node(Param, cell)->paramtype = step->types[i]->plain;
        i++;
    }
    return reinterpret_cast<Node *>(call);
}

const Step &step_of(FunctionCallInfo fcinfo) {
    auto *step = static_cast<Step *>(fcinfo->flinfo->fn_extra);
    if (step != nullptr)
        return *step;
    step = static_cast<Step *>(MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Step)));
    Oid *declared;
    int count;
    (void)get_func_signature(fcinfo->flinfo->fn_oid, &declared, &count);
    for (int i = 0; i < count; i++)
        if (const Oid plain = encrypted::plain_counterpart(declared[i]); OidIsValid(plain)) {
            step->types[i] = &encrypted::type_of(declared[i]);
            declared[i] = plain;
        }
    char *name = get_func_name(fcinfo->flinfo->fn_oid);
    const Oid plain =
        LookupFuncName(list_make2(makeString(pstrdup("pg_catalog")), makeString(name)), count, declared, false);
    fmgr_info_cxt(plain, &step->plain, fcinfo->flinfo->fn_mcxt);
    MemoryContext previous = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
    fmgr_info_set_expr(plain_call(fcinfo->flinfo->fn_expr, step), &step->plain);
    MemoryContextSwitchTo(previous);
    fcinfo->flinfo->fn_extra = step;
    return *step;
}

} // namespace

GDPR_FUNCTION(gdpr_transition) {
    const Step &step = step_of(fcinfo);
    LOCAL_FCINFO(call, FUNC_MAX_ARGS);
    InitFunctionCallInfoData(*call, const_cast<FmgrInfo *>(&step.plain), fcinfo->nargs, fcinfo->fncollation,
                             fcinfo->context, fcinfo->resultinfo);
    for (int i = 0; i < fcinfo->nargs; i++) {
        call->args[i] = fcinfo->args[i];
        if (call->args[i].isnull && i > 0 && step.plain.fn_strict) { // A strict one leaves the state as it was.
            fcinfo->isnull = fcinfo->args[0].isnull;
            return fcinfo->args[0].value;
        }
        if (step.types[i] != nullptr && !call->args[i].isnull)
            call->args[i].value = encrypted::open(*step.types[i], call->args[i].value);
    }
    // The first value is the state.
    if (step.plain.fn_strict && call->args[0].isnull)
        return call->args[1].value;
    const Datum result = FunctionCallInvoke(call);
    fcinfo->isnull = call->isnull;
    return result;
}
