// Parameters: where the parser inferred an encrypted type for $1, the client is told the plain one. Operators take the
// plain value as it is, so that indexes serve; anything else gets it sealed.
#include "encrypted/type.hpp"
#include "pg/pg.hpp"
#include "pg/tree.hpp"
#include "wire/wire.hpp"

namespace gdpr::wire {

namespace {

/// What PostgreSQL's parser keeps behind p_ref_hook_state while it infers parameter types (parse_param.c).
struct VariableParameters {
    Oid **types;
    int *count;
};

/// The parameter types still being inferred, or null. Other users of these hooks keep other things behind the pointer:
/// only the address of the hook tells.
VariableParameters *open_parameters(const ParseState *state) {
    static CoerceParamHook inferring = nullptr;
    if (state->p_coerce_param_hook == nullptr)
        return nullptr;
    if (inferring == nullptr) {
        ParseState *probe = make_parsestate(nullptr);
        Oid *types = nullptr;
        int count = 0;
        setup_parse_variable_parameters(probe, &types, &count);
        inferring = probe->p_coerce_param_hook;
        free_parsestate(probe);
    }
    return state->p_coerce_param_hook == inferring ? static_cast<VariableParameters *>(state->p_ref_hook_state)
                                                   : nullptr;
}

/// What PostgreSQL infers beside a plain column in an operator: the operator's own type, text for varchar; of an array
/// of plain, the array of that.
Oid operand_of(Oid plain) {
    if (const Oid element = get_element_type(plain); OidIsValid(element))
        return get_array_type(operand_of(element));
    const Oid opclass = GetDefaultOpClass(plain, BTREE_AM_OID);
    return OidIsValid(opclass) ? get_opclass_input_type(opclass) : plain;
}

/// The new types, by parameter number; InvalidOid where the type stays. Built by the first place of each.
struct Retyping {
    VariableParameters *open;
    Oid *types;

    Oid of(const Node *node) const {
        const auto *parameter = reinterpret_cast<const Param *>(node);
        return node != nullptr && IsA(node, Param) && parameter->paramkind == PARAM_EXTERN &&
                       parameter->paramid <= *open->count && OidIsValid(plain_of(parameter->paramtype))
                   ? types[parameter->paramid - 1]
                   : InvalidOid;
    }
};

Param *plain_parameter(const Param *parameter, Oid type) {
    auto *out = makeNode(Param);
    *out = *parameter;
    out->paramtype = type;
    out->paramtypmod = -1;
    out->paramcollid = get_typcollation(type);
    return out;
}

/// An operand as a plain value, if it can be without opening anything at run time: a parameter, a constant, an
/// ARRAY[] of them.
Node *plain_operand(Node *node, const Retyping *retyping) {
    const Oid type = exprType(node);
    if (const Oid to = retyping->of(node); OidIsValid(to))
        return reinterpret_cast<Node *>(plain_parameter(reinterpret_cast<Param *>(node), to));
    if (IsA(node, Const) && OidIsValid(plain_of(type)) && !OidIsValid(get_element_type(type)))
        return coerce_type(nullptr, node, type, plain_of(type), -1, COERCION_IMPLICIT, COERCE_IMPLICIT_CAST, -1);
    if (!IsA(node, ArrayExpr) || reinterpret_cast<ArrayExpr *>(node)->multidims)
        return nullptr;
    const auto *array = reinterpret_cast<ArrayExpr *>(node);
    const Oid plain = plain_of(array->element_typeid);
    if (!OidIsValid(plain))
        return nullptr;
    const Oid element_type = operand_of(plain);
    List *elements = NIL;
    ListCell *cell;
    foreach (cell, array->elements) {
        Node *element = plain_operand(static_cast<Node *>(lfirst(cell)), retyping);
        if (element == nullptr)
            return nullptr;
        elements = lappend(elements, coerce_type(nullptr, element, exprType(element), element_type, -1,
                                                 COERCION_IMPLICIT, COERCE_IMPLICIT_CAST, -1));
    }
    auto *out = makeNode(ArrayExpr);
    *out = *array;
    out->element_typeid = element_type;
    out->array_typeid = get_array_type(element_type);
    out->array_collid = get_typcollation(out->array_typeid);
    out->elements = elements;
    return reinterpret_cast<Node *>(out);
}

/// The operator of the same name for other operand types, with the same result; InvalidOid where there is none.
Oid twin(Oid op, Oid left, Oid right) {
    const Oid found =
        OpernameGetOprid(list_make2(makeString(pstrdup("pg_catalog")), makeString(get_opname(op))), left, right);
    return OidIsValid(found) && get_op_rettype(found) == get_op_rettype(op) ? found : InvalidOid;
}

/// Puts a plain operand on the right or left side where an operator for it exists. `array`: right is an array of it.
bool use_plain(Oid *op, Node **left, Node **right, bool right_only, bool array, const Retyping *retyping) {
    for (Node **side : {right, left}) {
        if (right_only && side == left)
            return false;
        Node *plain = plain_operand(*side, retyping);
        if (plain == nullptr)
            continue;
        Oid type = exprType(plain);
        if (array)
            type = get_element_type(type);
        const Oid found = side == right ? twin(*op, exprType(*left), type) : twin(*op, type, exprType(*right));
        if (!OidIsValid(found))
            continue;
        *op = found;
        *side = plain;
        return true;
    }
    return false;
}

bool has_parameter(Node *node, Retyping *retyping) {
    if (node == nullptr)
        return false;
    return OidIsValid(retyping->of(node)) || expression_tree_walker(node, pg::walker(has_parameter), retyping);
}

Node *retype(Node *node, Retyping *retyping);

/// IS DISTINCT FROM and NULLIF are operators by another name.
bool is_operator(const Node *node) { return IsA(node, OpExpr) || IsA(node, DistinctExpr) || IsA(node, NullIfExpr); }

Node *retype_operator(Node *node, Retyping *retyping) {
    if (is_operator(node) && list_length(reinterpret_cast<OpExpr *>(node)->args) == 2) {
        auto *out = makeNode(OpExpr);
        *out = *reinterpret_cast<OpExpr *>(node);
        auto *left = static_cast<Node *>(linitial(out->args)), *right = static_cast<Node *>(lsecond(out->args));
        // NULLIF returns its left side, as the type that it has.
        if (use_plain(&out->opno, &left, &right, IsA(node, NullIfExpr), false, retyping)) {
            out->opfuncid = get_opcode(out->opno);
            out->args = list_make2(retype(left, retyping), retype(right, retyping));
            return reinterpret_cast<Node *>(out);
        }
    } else if (IsA(node, ScalarArrayOpExpr)) {
        auto *out = makeNode(ScalarArrayOpExpr);
        *out = *reinterpret_cast<ScalarArrayOpExpr *>(node);
        auto *left = static_cast<Node *>(linitial(out->args)), *right = static_cast<Node *>(lsecond(out->args));
        if (use_plain(&out->opno, &left, &right, true, true, retyping)) {
            out->opfuncid = get_opcode(out->opno);
            out->args = list_make2(retype(left, retyping), right);
            return reinterpret_cast<Node *>(out);
        }
    } else if (IsA(node, RowCompareExpr)) {
        auto *out = copyObject(reinterpret_cast<RowCompareExpr *>(node));
        for (int i = 0; i < list_length(out->opnos); i++) {
            Oid op = list_nth_oid(out->opnos, i);
            auto *left = static_cast<Node *>(list_nth(out->largs, i)),
                 *right = static_cast<Node *>(list_nth(out->rargs, i));
            if (use_plain(&op, &left, &right, false, false, retyping)) {
                lfirst_oid(list_nth_cell(out->opnos, i)) = op;
                lfirst(list_nth_cell(out->largs, i)) = left;
                lfirst(list_nth_cell(out->rargs, i)) = right;
            }
        }
        return expression_tree_mutator(reinterpret_cast<Node *>(out), pg::mutator(retype), retyping);
    }
    return nullptr;
}

Node *retype(Node *node, Retyping *retyping) {
    if (node == nullptr)
        return nullptr;
    if (IsA(node, Query))
        return reinterpret_cast<Node *>(
            query_tree_mutator(reinterpret_cast<Query *>(node), pg::mutator(retype), retyping, 0));
    if (const Oid to = retyping->of(node); OidIsValid(to)) {
        // The parameter was of the encrypted type: seal what comes.
        const auto *parameter = reinterpret_cast<Param *>(node);
        Node *plain = reinterpret_cast<Node *>(plain_parameter(parameter, to));
        const Oid own = plain_of(parameter->paramtype);
        if (own != to)
            plain = coerce_type(nullptr, plain, to, own, -1, COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);
        return coerce_type(nullptr, plain, own, parameter->paramtype, -1, COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST,
                           -1);
    }
    const bool compares = is_operator(node) || IsA(node, ScalarArrayOpExpr) || IsA(node, RowCompareExpr);
    if (Node *changed = compares && has_parameter(node, retyping) ? retype_operator(node, retyping) : nullptr)
        return changed;
    return expression_tree_mutator(node, pg::mutator(retype), retyping);
}

/// A parameter that stands beside a column as an operand.
void choose_operands(List *arguments, const Retyping *retyping) {
    ListCell *cell;
    foreach (cell, arguments) {
        const auto *parameter = reinterpret_cast<const Param *>(lfirst(cell));
        if (IsA(parameter, Param) && parameter->paramkind == PARAM_EXTERN &&
            !OidIsValid(retyping->of(reinterpret_cast<const Node *>(parameter))) &&
            OidIsValid(plain_of(parameter->paramtype)))
            retyping->types[parameter->paramid - 1] = operand_of(plain_of(parameter->paramtype));
    }
}

/// The parts of a query in the order in which PostgreSQL's parser comes to them.
bool choose_in_query(Query *query, Retyping *retyping);

/// The first place decides, as it does in PostgreSQL: an operand is of the operator's type, all else of the plain one.
bool choose_types(Node *node, Retyping *retyping) {
    if (node == nullptr)
        return false;
    if (IsA(node, Query))
        return choose_in_query(reinterpret_cast<Query *>(node), retyping);
    if (is_operator(node))
        choose_operands(reinterpret_cast<OpExpr *>(node)->args, retyping);
    else if (IsA(node, ScalarArrayOpExpr))
        choose_operands(reinterpret_cast<ScalarArrayOpExpr *>(node)->args, retyping);
    else if (IsA(node, RowCompareExpr)) {
        choose_operands(reinterpret_cast<RowCompareExpr *>(node)->largs, retyping);
        choose_operands(reinterpret_cast<RowCompareExpr *>(node)->rargs, retyping);
    } else if (IsA(node, Param)) {
        const auto *parameter = reinterpret_cast<Param *>(node);
        if (parameter->paramkind == PARAM_EXTERN && !OidIsValid(retyping->of(node)))
            retyping->types[parameter->paramid - 1] = plain_of(parameter->paramtype);
        return false;
    }
    return expression_tree_walker(node, pg::walker(choose_types), retyping);
}

bool choose_in_query(Query *query, Retyping *retyping) {
    const auto choose = [retyping](void *part) { (void)choose_types(static_cast<Node *>(part), retyping); };
    choose(query->cteList);
    (void)range_table_walker(query->rtable, pg::walker(choose_types), retyping, 0);
    if (query->jointree != nullptr)
        choose(query->jointree->fromlist);
    // UPDATE comes to what it sets last.
    if (query->commandType != CMD_UPDATE)
        choose(query->targetList);
    if (query->jointree != nullptr)
        choose(query->jointree->quals);
    choose(query->onConflict);
    choose(query->mergeActionList);
    choose(query->returningList);
    if (query->commandType == CMD_UPDATE)
        choose(query->targetList);
    choose(query->havingQual);
    choose(query->windowClause);
    choose(query->limitOffset);
    choose(query->limitCount);
#if PG_VERSION_NUM >= 170000
    choose(query->mergeJoinCondition);
#endif
    return false;
}

} // namespace

void retype_parameters(ParseState *state, Query *query) {
    VariableParameters *open = open_parameters(state);
    if (open == nullptr ||
        std::none_of(*open->types, *open->types + *open->count, [](Oid type) { return OidIsValid(plain_of(type)); }))
        return;
    Retyping retyping{open, static_cast<Oid *>(palloc0(sizeof(Oid) * static_cast<std::size_t>(*open->count)))};
    (void)choose_types(reinterpret_cast<Node *>(query), &retyping);
    *query = *query_tree_mutator(query, pg::mutator(retype), &retyping, 0);
    for (int i = 0; i < *open->count; i++)
        if (OidIsValid(retyping.types[i]))
            (*open->types)[i] = retyping.types[i];
}

} // namespace gdpr::wire
