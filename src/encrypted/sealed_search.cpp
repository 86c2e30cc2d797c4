// Comparisons of a decrypted value. `email::text = 'x'`, which is how PostgreSQL writes out a comparison of varchar in
// a view, needs no decryption: the encrypted operator gives the same and has the column's index. `lower(email) = 'x'`
// has the index on gdpr.sealed(lower(email)), where there is one.
#include "encrypted/rewrite.hpp"
#include "encrypted/type.hpp"
#include "pg/pg.hpp"
#include "pg/planning.hpp"
#include "pg/tree.hpp"

namespace gdpr::encrypted {

namespace {

/// The columns of an expression: of one relation, of the query at hand.
struct Columns {
    Index relation;
    bool simple, encrypted;
};

bool look_at(Node *node, Columns *columns) {
    if (node == nullptr)
        return false;
    if (IsA(node, Var)) {
        const auto *var = castNode(Var, node);
        if (var->varlevelsup != 0 || (columns->relation != 0 && columns->relation != static_cast<Index>(var->varno)))
            columns->simple = false;
        columns->relation = var->varno;
        columns->encrypted = columns->encrypted || OidIsValid(plain_counterpart(var->vartype));
        return !columns->simple;
    }
    if (IsA(node, SubLink) || IsA(node, Aggref) || IsA(node, WindowFunc) || IsA(node, GroupingFunc) ||
        IsA(node, Param)) {
        columns->simple = false;
        return true;
    }
    return expression_tree_walker(node, pg::walker(look_at), columns);
}

struct Beneath {
    const List *targets;
    Index relation; // of all columns found
    bool simple;
};

Node *replace(Node *node, Beneath *beneath) {
    if (node == nullptr || !beneath->simple)
        return node;
    if (!IsA(node, Var))
        return expression_tree_mutator(node, pg::mutator(replace), beneath);
    const TargetEntry *target = get_tle_by_resno(const_cast<List *>(beneath->targets), castNode(Var, node)->varattno);
    if (target == nullptr || !IsA(target->expr, Var) || castNode(Var, target->expr)->varlevelsup != 0 ||
        (beneath->relation != 0 && beneath->relation != static_cast<Index>(castNode(Var, target->expr)->varno))) {
        beneath->simple = false;
        return node;
    }
    beneath->relation = castNode(Var, target->expr)->varno;
    return reinterpret_cast<Node *>(copyObject(target->expr));
}

/// The gdpr.sealed(expression) of an index on the relation, over the relation's own columns.
Node *sealed_in_index(Oid relation, const Node *expression) {
    Node *found = nullptr;
    Relation table = table_open(relation, AccessShareLock);
    ListCell *cell;
    foreach (cell, RelationGetIndexList(table)) {
        Relation index = index_open(lfirst_oid(cell), AccessShareLock);
        ListCell *key;
        foreach (key, RelationGetIndexExpressions(index)) {
            auto *sealed = static_cast<Node *>(lfirst(key));
            if (found == nullptr && IsA(sealed, FuncExpr) && list_length(castNode(FuncExpr, sealed)->args) == 1 &&
                OidIsValid(plain_counterpart(exprType(sealed))) &&
                equal(linitial(castNode(FuncExpr, sealed)->args), expression))
                found = sealed;
        }
        index_close(index, NoLock);
    }
    table_close(table, NoLock);
    return found;
}

/// As sealed_in_index, of the relation that the expression's columns come from, through views and subqueries.
const FuncExpr *find_sealed(Node *expression, const Query *query) {
    Columns columns{0, true, false};
    (void)look_at(expression, &columns);
    if (!columns.simple || !columns.encrypted)
        return nullptr;
    Node *inner = expression;
    Index relation = columns.relation;
    for (;;) {
        const RangeTblEntry *entry = rt_fetch(relation, query->rtable);
        if (entry->rtekind == RTE_RELATION) {
            inner = static_cast<Node *>(copyObject(inner));
            ChangeVarNodes(inner, static_cast<int>(relation), 1, 0);
            return reinterpret_cast<FuncExpr *>(sealed_in_index(entry->relid, eval_const_expressions(nullptr, inner)));
        }
        if (entry->rtekind != RTE_SUBQUERY || entry->subquery->setOperations != nullptr)
            return nullptr;
        query = entry->subquery;
        Beneath beneath{query->targetList, 0, true};
        inner = replace(inner, &beneath);
        if (!beneath.simple || beneath.relation == 0)
            return nullptr;
        relation = beneath.relation;
    }
}

/// The encrypted form of an operand, or null where it has none.
Node *encrypted_form(Node *operand, const Query *query) {
    if (Node *inside = decrypted(operand); inside != nullptr)
        return inside;
    if (query == nullptr || (!IsA(operand, FuncExpr) && !IsA(operand, OpExpr)))
        return nullptr;
    const FuncExpr *sealed = find_sealed(operand, query);
    if (sealed == nullptr)
        return nullptr;
    auto *form = static_cast<FuncExpr *>(copyObject(const_cast<FuncExpr *>(sealed)));
    form->args = list_make1(operand);
    return reinterpret_cast<Node *>(form);
}

bool is_of_catalog(Oid operation) { return operation < FirstNormalObjectId; }

Oid same_operator(Oid operation, const Node *left, Oid right) {
    const Oid found = operator_between(get_opname(operation), exprType(left), right);
    return OidIsValid(found) && get_op_rettype(found) == BOOLOID ? found : InvalidOid;
}

/// The plain value behind one that is only sealed to be compared, `price = 5`, as the encrypted column's operators take
/// it; null where there is none. Also of the elements of an array.
Node *plain_form(Node *operand) {
    const auto to_operand = [](Node *value, Oid plain) {
        return coerce_to_target_type(nullptr, value, exprType(value), operand_of(plain), -1, COERCION_IMPLICIT,
                                     COERCE_IMPLICIT_CAST, -1);
    };
    if (IsA(operand, FuncExpr)) {
        const auto *call = castNode(FuncExpr, operand);
        const Oid plain = plain_counterpart(call->funcresulttype);
        if (!OidIsValid(plain) || call->funcformat == COERCE_EXPLICIT_CALL || list_length(call->args) != 1)
            return nullptr;
        auto *value = static_cast<Node *>(linitial(call->args));
        return OidIsValid(plain_counterpart(exprType(value))) ? nullptr : to_operand(value, plain);
    }
    const Oid element = get_element_type(exprType(operand));
    const Oid plain = OidIsValid(element) ? plain_counterpart(element) : InvalidOid;
    if (!OidIsValid(plain))
        return nullptr;
    if (IsA(operand, ArrayCoerceExpr)) {
        auto *array = reinterpret_cast<Node *>(castNode(ArrayCoerceExpr, operand)->arg);
        const Oid from = get_element_type(exprType(array)), to = get_array_type(operand_of(plain));
        return OidIsValid(from) && !OidIsValid(plain_counterpart(from))
                   ? coerce_to_target_type(nullptr, array, exprType(array), to, -1, COERCION_IMPLICIT,
                                           COERCE_IMPLICIT_CAST, -1)
                   : nullptr;
    }
    if (!IsA(operand, ArrayExpr) || castNode(ArrayExpr, operand)->multidims)
        return nullptr;
    auto *array = makeNode(ArrayExpr);
    *array = *castNode(ArrayExpr, operand);
    array->elements = NIL;
    ListCell *cell;
    foreach (cell, castNode(ArrayExpr, operand)->elements) {
        auto *each = static_cast<Node *>(lfirst(cell));
        Node *value = IsA(each, Const) ? to_operand(each, plain) : plain_form(each);
        if (value == nullptr)
            return nullptr;
        array->elements = lappend(array->elements, value);
    }
    array->element_typeid = operand_of(plain);
    array->array_typeid = get_array_type(array->element_typeid);
    array->array_collid = get_typcollation(array->array_typeid);
    return reinterpret_cast<Node *>(array);
}

/// A plain value that is sealed and at once opened again, as parameters may be, is that value.
Node *never_sealed(Node *operand) {
    Node *sealed = IsA(operand, ArrayCoerceExpr) ? reinterpret_cast<Node *>(castNode(ArrayCoerceExpr, operand)->arg)
                                                 : decrypted(operand);
    Node *plain = sealed != nullptr ? plain_form(sealed) : nullptr;
    return plain != nullptr && exprType(plain) == exprType(operand) ? plain : operand;
}

/// An operator of ours between an encrypted value and one that was sealed for it takes that one as it is.
bool use_plain_operand(Oid *operation, List **arguments, bool array) {
    auto *left = static_cast<Node *>(linitial(*arguments)), *right = static_cast<Node *>(lsecond(*arguments));
    for (const bool on_right : {true, false}) {
        Node *plain = on_right || !array ? plain_form(on_right ? right : left) : nullptr;
        if (plain == nullptr)
            continue;
        const Oid type = array ? get_element_type(exprType(plain)) : exprType(plain);
        const Oid found = on_right ? operator_between(get_opname(*operation), exprType(left), type)
                                   : operator_between(get_opname(*operation), type, exprType(right));
        if (!OidIsValid(found) || get_op_rettype(found) != BOOLOID)
            continue;
        *operation = found;
        *arguments = on_right ? list_make2(left, plain) : list_make2(plain, right);
        return true;
    }
    return false;
}

} // namespace

Node *decrypted(Node *node) {
    if (!IsA(node, FuncExpr) || list_length(castNode(FuncExpr, node)->args) != 1)
        return nullptr;
    const auto *call = castNode(FuncExpr, node);
    auto *argument = static_cast<Node *>(linitial(call->args));
    if (call->funcid < FirstNormalObjectId || get_func_namespace(call->funcid) != get_namespace_oid("gdpr", true) ||
        !OidIsValid(plain_counterpart(exprType(argument))))
        return nullptr;
    const char *name = get_func_name(call->funcid);
    // varchar goes to text by relabelling alone, and so does what it decrypts to.
    return std::strcmp(name, "decrypt") == 0 || (std::strncmp(name, "decrypt_as_", 11) == 0 &&
                                                 type_of(exprType(argument)).operand == call->funcresulttype)
               ? argument
               : nullptr;
}

void use_encrypted_operator(OpExpr *comparison, const Query *query) {
    if (comparison->opresulttype != BOOLOID || list_length(comparison->args) != 2)
        return;
    if (!is_of_catalog(comparison->opno)) {
        if (use_plain_operand(&comparison->opno, &comparison->args, false))
            comparison->opfuncid = get_opcode(comparison->opno);
        return;
    }
    auto *left = never_sealed(static_cast<Node *>(linitial(comparison->args))),
         *right = never_sealed(static_cast<Node *>(lsecond(comparison->args)));
    Node *new_left = encrypted_form(left, query), *new_right = encrypted_form(right, query);
    // Both sides, or one of them where there is no operator for both.
    const std::array<std::pair<Node *, Node *>, 3> forms{{{new_left, new_right}, {new_left, right}, {left, new_right}}};
    for (const auto &[first, second] : forms) {
        if (first == nullptr || second == nullptr || (first == left && second == right))
            continue;
        const Oid operation = same_operator(comparison->opno, first, exprType(second));
        if (!OidIsValid(operation))
            continue;
        comparison->opno = operation;
        comparison->opfuncid = get_opcode(operation);
        comparison->args = list_make2(first, second);
        return;
    }
}

/// The operator family in which an operator compares as the row does; InvalidOid where there is none.
static Oid family_of(Oid operation, const RowCompareExpr *comparison) {
    ListCell *cell;
#if PG_VERSION_NUM >= 180000
    foreach (cell, get_op_index_interpretation(operation))
        if (const auto *found = static_cast<OpIndexInterpretation *>(lfirst(cell));
            found->cmptype == comparison->cmptype)
            return found->opfamily_id;
#else
    foreach (cell, get_op_btree_interpretation(operation))
        if (const auto *found = static_cast<OpBtreeInterpretation *>(lfirst(cell));
            found->strategy == static_cast<int>(comparison->rctype))
            return found->opfamily_id;
#endif
    return InvalidOid;
}

void use_encrypted_operators(RowCompareExpr *comparison, const Query *query) {
    for (int i = 0; i < list_length(comparison->opnos); i++) {
        OpExpr one = {};
        one.opno = list_nth_oid(comparison->opnos, i);
        one.opresulttype = BOOLOID;
        one.args = list_make2(list_nth(comparison->largs, i), list_nth(comparison->rargs, i));
        const Oid before = one.opno;
        use_encrypted_operator(&one, query);
        if (one.opno == before)
            continue;
        const Oid family = family_of(one.opno, comparison);
        if (!OidIsValid(family))
            continue;
        lfirst_oid(list_nth_cell(comparison->opnos, i)) = one.opno;
        lfirst_oid(list_nth_cell(comparison->opfamilies, i)) = family;
        lfirst(list_nth_cell(comparison->largs, i)) = linitial(one.args);
        lfirst(list_nth_cell(comparison->rargs, i)) = lsecond(one.args);
    }
}

void use_encrypted_operator(ScalarArrayOpExpr *search, const Query *query) {
    if (!is_of_catalog(search->opno)) {
        if (use_plain_operand(&search->opno, &search->args, true))
            search->opfuncid = get_opcode(search->opno);
        return;
    }
    auto *array = never_sealed(static_cast<Node *>(lsecond(search->args)));
    Node *form = encrypted_form(static_cast<Node *>(linitial(search->args)), query);
    const Oid element = get_base_element_type(exprType(array));
    const Oid operation =
        form != nullptr && OidIsValid(element) ? same_operator(search->opno, form, element) : InvalidOid;
    if (!OidIsValid(operation))
        return;
    search->opno = operation;
    search->opfuncid = get_opcode(operation);
    search->args = list_make2(form, array);
}

} // namespace gdpr::encrypted
