// What runs as the owner of a table in the middle of somebody else's statement. Foreign keys that cascade, and the
// rights, work on a table as its owner and, as PostgreSQL's own foreign keys must, without row security. The owner's
// code that this sets off (triggers, defaults, checks, casts) has no such need: it would see restricted people whom its
// owner does not see otherwise, and its plans, made so, would be used again later. So it gets the row security of an
// ordinary statement of the owner's.
#include "restrict/owner_code.hpp"

#include "pg/pg.hpp"

namespace gdpr::restriction {

namespace {

needs_fmgr_hook_type next_needed = nullptr;
fmgr_hook_type next_call = nullptr;

/// Written in a language, not compiled: those were made by a superuser.
bool interpreted(Oid function) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        return false;
    const Oid language = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->prolang;
    ReleaseSysCache(tuple);
    return language != INTERNALlanguageId && language != ClanguageId;
}

/// Also keeps such a function from being inlined into a statement that is planned without row security.
bool needed(Oid function) {
    if (next_needed != nullptr && next_needed(function))
        return true;
    return InNoForceRLSOperation() && interpreted(function);
}

/// What one call keeps from its start to its end.
struct Call {
    Datum next;
    bool lifted;
};

void lift(Call *call) {
    Oid user;
    int context;
    GetUserIdAndSecContext(&user, &context);
    call->lifted = (context & SECURITY_NOFORCE_RLS) != 0;
    if (call->lifted)
        SetUserIdAndSecContext(user, context & ~SECURITY_NOFORCE_RLS);
}

void put_back(Call *call) {
    if (!call->lifted)
        return;
    Oid user;
    int context;
    GetUserIdAndSecContext(&user, &context);
    SetUserIdAndSecContext(user, context | SECURITY_NOFORCE_RLS);
    call->lifted = false;
}

void around(FmgrHookEventType event, FmgrInfo *function, Datum *kept) {
    auto *call = reinterpret_cast<Call *>(DatumGetPointer(*kept));
    // The library may have been loaded within the call that ends here.
    if (event != FHET_START && call == nullptr) {
        if (next_call != nullptr)
            next_call(event, function, kept);
        return;
    }
    if (event == FHET_START && call == nullptr) {
        call = static_cast<Call *>(MemoryContextAllocZero(function->fn_mcxt, sizeof(Call)));
        *kept = PointerGetDatum(call);
    }
    if (event == FHET_START)
        lift(call);
    if (next_call != nullptr)
        next_call(event, function, &call->next);
    if (event != FHET_START)
        put_back(call);
}

} // namespace

void init_owner_code() {
    next_needed = needs_fmgr_hook;
    needs_fmgr_hook = needed;
    next_call = fmgr_hook;
    fmgr_hook = around;
}

} // namespace gdpr::restriction
