// Subscripting: an encrypted document is opened, the plain type's own subscripting does the work, and what was
// assigned is sealed again.
#include "encrypted/value.hpp"
#include "pg/pg.hpp"

using namespace gdpr;

namespace {

/// Our workspace around the plain type's: its methods expect to find theirs in the same place.
struct Workspace {
    Oid encrypted;
    void *plain;
    SubscriptExecSteps methods;
};

/// The plain type's workspace in its place, for the length of one call. A longjmp leaves an expression that will
/// never run again.
template <typename Call> auto as_plain(SubscriptingRefState *state, Call call) {
    auto *workspace = static_cast<Workspace *>(state->workspace);
    state->workspace = workspace->plain;
    if constexpr (std::is_void_v<std::invoke_result_t<Call &, Workspace &>>) {
        call(*workspace);
        state->workspace = workspace;
    } else {
        const auto result = call(*workspace);
        state->workspace = workspace;
        return result;
    }
}

void open_container(const Workspace &workspace, ExprEvalStep *op) {
    if (!*op->resnull)
        *op->resvalue = encrypted::open(encrypted::type_of(workspace.encrypted), *op->resvalue);
}

bool check_subscripts(ExprState *expression, ExprEvalStep *op, ExprContext *context) {
    return as_plain(op->d.sbsref_subscript.state, [&](Workspace &workspace) {
        return workspace.methods.sbs_check_subscripts(expression, op, context);
    });
}

void fetch(ExprState *expression, ExprEvalStep *op, ExprContext *context) {
    as_plain(op->d.sbsref.state, [&](Workspace &workspace) {
        open_container(workspace, op);
        workspace.methods.sbs_fetch(expression, op, context);
    });
}

void fetch_old(ExprState *expression, ExprEvalStep *op, ExprContext *context) {
    as_plain(op->d.sbsref.state, [&](Workspace &workspace) {
        const Datum sealed = *op->resvalue;
        open_container(workspace, op);
        workspace.methods.sbs_fetch_old(expression, op, context);
        *op->resvalue = sealed;
    });
}

void assign(ExprState *expression, ExprEvalStep *op, ExprContext *context) {
    as_plain(op->d.sbsref.state, [&](Workspace &workspace) {
        open_container(workspace, op);
        workspace.methods.sbs_assign(expression, op, context);
        if (!*op->resnull)
            *op->resvalue = encrypted::seal(encrypted::type_of(workspace.encrypted), *op->resvalue);
    });
}

const SubscriptRoutines *plain_routines(Oid encrypted) {
    return getSubscriptingRoutines(encrypted::type_of(encrypted).plain, nullptr);
}

void transform(SubscriptingRef *reference, List *indirection, ParseState *state, bool slice, bool assignment) {
    // The plain type decides what a subscript may be and what comes out; the container stays encrypted.
    plain_routines(reference->refcontainertype)->transform(reference, indirection, state, slice, assignment);
}

void exec_setup(const SubscriptingRef *reference, SubscriptingRefState *state, SubscriptExecSteps *methods) {
    plain_routines(reference->refcontainertype)->exec_setup(reference, state, methods);
    auto *workspace = static_cast<Workspace *>(palloc(sizeof(Workspace)));
    *workspace = {reference->refcontainertype, state->workspace, *methods};
    state->workspace = workspace;
    methods->sbs_check_subscripts = check_subscripts;
    methods->sbs_fetch = fetch;
    methods->sbs_assign = assign;
    methods->sbs_fetch_old = fetch_old;
}

} // namespace

GDPR_FUNCTION(gdpr_subscript) {
    static const SubscriptRoutines routines = {transform, exec_setup, true, false, false};
    PG_RETURN_POINTER(&routines);
}
