// An overload in a plain operator expression is inlined by the planner, and what it calls has its index. In
// `column = ANY (array)` PostgreSQL inlines nothing: numeric = ANY (integer[]) would lose its index to the overload
// that decides numeric = integer. So the operator behind it is put in its place before planning.
#include "encrypted/rewrite.hpp"
#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

/// The operator expression that an overload consists of, over $1 and $2; null for any other function.
const OpExpr *body_of(Oid function) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        return nullptr;
    bool null;
    const Datum stored = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosqlbody, &null);
    auto *body = null ? nullptr : static_cast<Node *>(stringToNode(TextDatumGetCString(stored)));
    ReleaseSysCache(tuple);
    if (body == nullptr || !IsA(body, Query) || list_length(castNode(Query, body)->targetList) != 1)
        return nullptr;
    const auto *result = linitial_node(TargetEntry, castNode(Query, body)->targetList);
    const auto *call = reinterpret_cast<const OpExpr *>(result->expr);
    // Where the left side is cast, the column's index has no part in it.
    return IsA(call, OpExpr) && list_length(call->args) == 2 && IsA(linitial(call->args), Param) ? call : nullptr;
}

} // namespace

void use_operator_behind(ScalarArrayOpExpr *search) {
    if (search->opfuncid < FirstNormalObjectId ||
        get_func_namespace(search->opfuncid) != get_namespace_oid("gdpr", true))
        return;
    const OpExpr *body = body_of(search->opfuncid);
    auto *array = static_cast<Node *>(lsecond(search->args));
    if (body == nullptr)
        return;
    const Oid wanted = get_array_type(exprType(static_cast<const Node *>(lsecond(body->args))));
    Node *cast = OidIsValid(wanted) ? coerce_to_target_type(nullptr, array, exprType(array), wanted, -1,
                                                            COERCION_EXPLICIT, COERCE_IMPLICIT_CAST, -1)
                                    : nullptr;
    if (cast == nullptr)
        return;
    search->opno = body->opno;
    search->opfuncid = get_opcode(body->opno);
    search->args = list_make2(linitial(search->args), cast);
}

} // namespace gdpr::encrypted
