// Encrypted types have a cast to json, by which to_jsonb(row) and its kin keep numbers and documents. Two things come
// of it that are put right here: PostgreSQL takes what has such a cast for a document, of which it makes no names in
// objects; and the cast could be written out where the plain type has none.
#include "encrypted/rewrite.hpp"
#include "encrypted/type.hpp"
#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

bool makes_object(Oid function) {
    switch (function) {
    case F_JSON_OBJECT_AGG:
    case F_JSONB_OBJECT_AGG:
    case F_JSON_BUILD_OBJECT_ANY:
    case F_JSONB_BUILD_OBJECT_ANY:
#if PG_VERSION_NUM >= 160000
    case F_JSON_OBJECT_AGG_STRICT:
    case F_JSON_OBJECT_AGG_UNIQUE:
    case F_JSON_OBJECT_AGG_UNIQUE_STRICT:
    case F_JSONB_OBJECT_AGG_STRICT:
    case F_JSONB_OBJECT_AGG_UNIQUE:
    case F_JSONB_OBJECT_AGG_UNIQUE_STRICT:
#endif
        return true;
    default:
        return false;
    }
}

/// The value decrypted; itself where it is not encrypted.
Node *opened(Node *value) {
    const Oid type = exprType(value), plain = plain_counterpart(type);
    Oid function = InvalidOid;
    if (!OidIsValid(plain) || find_coercion_pathway(plain, type, COERCION_EXPLICIT, &function) != COERCION_PATH_FUNC)
        return value;
    const Oid collation = exprCollation(value);
    return reinterpret_cast<Node *>(
        makeFuncExpr(function, plain, list_make1(value), collation, collation, COERCE_IMPLICIT_CAST));
}

/// DISTINCT and ORDER BY of an aggregate, whose argument is now of the plain type.
void sort_plain(List *clauses, Index reference, Oid plain) {
    const Oid operand = operand_of(plain);
    ListCell *cell;
    foreach (cell, clauses) {
        auto *clause = lfirst_node(SortGroupClause, cell);
        if (clause->tleSortGroupRef != reference)
            continue;
        for (Oid *operation : {&clause->eqop, &clause->sortop})
            if (OidIsValid(*operation))
                *operation = operator_between(get_opname(*operation), operand, operand);
    }
}

void open_all(List *values) {
    ListCell *cell;
    foreach (cell, values)
        lfirst(cell) = opened(static_cast<Node *>(lfirst(cell)));
}

} // namespace

void decrypt_names(Aggref *call) {
    if (!makes_object(call->aggfnoid))
        return;
    List *types = NIL;
    ListCell *cell;
    foreach (cell, call->args) {
        auto *target = lfirst_node(TargetEntry, cell);
        auto *value = reinterpret_cast<Node *>(target->expr);
        target->expr = reinterpret_cast<Expr *>(opened(value));
        const Oid type = exprType(reinterpret_cast<Node *>(target->expr));
        if (type != exprType(value)) {
            sort_plain(call->aggdistinct, target->ressortgroupref, type);
            sort_plain(call->aggorder, target->ressortgroupref, type);
        }
        if (!target->resjunk)
            types = lappend_oid(types, type);
    }
    call->aggargtypes = types;
}

void decrypt_names(WindowFunc *call) {
    if (makes_object(call->winfnoid))
        open_all(call->args);
}

void refuse_cast_to_json(const FuncExpr *call) {
    if (call->funcresulttype != JSONOID || call->funcformat != COERCE_EXPLICIT_CAST ||
        call->funcid < FirstNormalObjectId || list_length(call->args) != 1)
        return;
    const Oid type = exprType(static_cast<Node *>(linitial(call->args))), plain = plain_counterpart(type);
    Oid function;
    if (OidIsValid(plain) && find_coercion_pathway(JSONOID, plain, COERCION_EXPLICIT, &function) == COERCION_PATH_NONE)
        ereport(ERROR, (errcode(ERRCODE_CANNOT_COERCE), errmsg("cannot cast type %s to json", format_type_be(type))));
}

void refuse_undecided(const FuncExpr *call) {
    if (call->funcid != F_TIMESTAMPTZ_TIMESTAMPTZ_INT4 || call->funcformat != COERCE_EXPLICIT_CALL ||
        !IsA(linitial(call->args), FuncExpr))
        return;
    const auto *value = linitial_node(FuncExpr, call->args);
    if (value->funcformat == COERCE_IMPLICIT_CAST && list_length(value->args) == 1 &&
        plain_counterpart(exprType(static_cast<Node *>(linitial(value->args)))) == DATEOID)
        ereport(ERROR,
                (errcode(ERRCODE_AMBIGUOUS_FUNCTION), errmsg("function timestamptz(date, unknown) is not unique"),
                 errhint("Could not choose a best candidate function. You might need to add explicit type casts.")));
}

void decrypt_names(FuncExpr *call) {
    if (makes_object(call->funcid) && !call->funcvariadic)
        open_all(call->args);
}

} // namespace gdpr::encrypted
