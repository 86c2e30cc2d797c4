#include "gate/whole_row.hpp"

#include "pg/tree.hpp"

namespace gdpr::gate {

namespace {

bool in_outer_join(Node *node, void *context) {
    if (node == nullptr)
        return false;
    if (IsA(node, JoinExpr) && reinterpret_cast<JoinExpr *>(node)->jointype != JOIN_INNER)
        return true;
    return expression_tree_walker(node, pg::walker(in_outer_join), context);
}

Var *column_of(const Var *whole, AttrNumber number, Oid type, int32 modifier, Oid collation) {
    auto *of = static_cast<Var *>(copyObjectImpl(whole));
    of->varattno = number;
    of->vartype = type;
    of->vartypmod = modifier;
    of->varcollid = collation;
    of->varattnosyn = of->varnosyn != 0 ? number : 0;
    return of;
}

} // namespace

Node *field_of(const Var *whole, const FormData_pg_attribute &column) {
    if (column.attisdropped)
        return reinterpret_cast<Node *>(makeNullConst(INT4OID, -1, InvalidOid));
    return reinterpret_cast<Node *>(
        column_of(whole, column.attnum, column.atttypid, column.atttypmod, column.attcollation));
}

Node *row_of(const Var *whole, List *fields, List *names, FromExpr *join_tree) {
    auto *made = makeNode(RowExpr);
    made->args = fields;
    made->row_typeid = whole->vartype;
    made->row_format = COERCE_IMPLICIT_CAST;
    made->colnames = names;
    made->location = -1;
    if (!in_outer_join(reinterpret_cast<Node *>(join_tree), nullptr))
        return reinterpret_cast<Node *>(made);
    // Where an outer join found no row, the whole row is null, and not a row of nulls.
    auto *there = makeNode(NullTest);
    there->arg = reinterpret_cast<Expr *>(column_of(whole, TableOidAttributeNumber, OIDOID, -1, InvalidOid));
    there->nulltesttype = IS_NOT_NULL;
    there->location = -1;
    auto *when = makeNode(CaseWhen);
    when->expr = reinterpret_cast<Expr *>(there);
    when->result = reinterpret_cast<Expr *>(made);
    when->location = -1;
    auto *choice = makeNode(CaseExpr);
    choice->casetype = whole->vartype;
    choice->args = list_make1(when);
    choice->defresult = reinterpret_cast<Expr *>(makeNullConst(whole->vartype, -1, InvalidOid));
    choice->location = -1;
    return reinterpret_cast<Node *>(choice);
}

} // namespace gdpr::gate
