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
    const Oid found = encrypted::operator_between(get_opname(op), left, right);
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
        // An operator takes text for varchar.
        for (const Oid type : {exprType(plain), operand_of(exprType(plain))}) {
            const Oid element = array ? get_element_type(type) : type;
            const Oid found =
                side == right ? twin(*op, exprType(*left), element) : twin(*op, element, exprType(*right));
            if (!OidIsValid(found))
                continue;
            *op = found;
            *side = coerce_type(nullptr, plain, exprType(plain), type, -1, COERCION_IMPLICIT, COERCE_IMPLICIT_CAST, -1);
            return true;
        }
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

bool choose_types(Node *node, Retyping *retyping);
bool choose_in_query(Query *query, Retyping *retyping);

/// The plain type of a parameter that is of an encrypted one; InvalidOid for all else.
Oid plain_of_parameter(const Node *node) {
    const auto *parameter = reinterpret_cast<const Param *>(node);
    return node != nullptr && IsA(node, Param) && parameter->paramkind == PARAM_EXTERN ? plain_of(parameter->paramtype)
                                                                                       : InvalidOid;
}

/// Parameters that stand beside a column as an operand are of the operator's type; what else is there, is looked into.
void choose_operands(List *arguments, Retyping *retyping, bool any = false) {
    ListCell *cell;
    foreach (cell, arguments) {
        auto *argument = static_cast<Node *>(lfirst(cell));
        if (const Oid plain = plain_of_parameter(argument); !OidIsValid(plain))
            (void)choose_types(argument, retyping);
        else if (!OidIsValid(retyping->of(argument)))
            // An operator takes an array as it is; = ANY takes one of what the operator takes.
            retyping->types[reinterpret_cast<Param *>(argument)->paramid - 1] =
                !any && OidIsValid(get_element_type(plain)) ? plain : operand_of(plain);
    }
}

/// What a parameter shares its type with may be a column of the result, which must come out the same when the statement
/// is analysed again with the types given. So there it is of the column's own type, even where text came first.
void choose_alternative(const Node *node, const Retyping *retyping) {
    if (const Oid plain = plain_of_parameter(node); OidIsValid(plain))
        retyping->types[reinterpret_cast<const Param *>(node)->paramid - 1] = plain;
}

void choose_alternatives(const Node *node, const Retyping *retyping) {
    List *arguments = IsA(node, CoalesceExpr) ? reinterpret_cast<const CoalesceExpr *>(node)->args
                      : IsA(node, MinMaxExpr) ? reinterpret_cast<const MinMaxExpr *>(node)->args
                      : IsA(node, ArrayExpr)  ? reinterpret_cast<const ArrayExpr *>(node)->elements
                      : IsA(node, CaseExpr)   ? reinterpret_cast<const CaseExpr *>(node)->args
                                              : NIL;
    ListCell *cell;
    foreach (cell, arguments)
        choose_alternative(IsA(lfirst(cell), CaseWhen) ? reinterpret_cast<Node *>(lfirst_node(CaseWhen, cell)->result)
                                                       : static_cast<Node *>(lfirst(cell)),
                           retyping);
    if (IsA(node, CaseExpr))
        choose_alternative(reinterpret_cast<Node *>(reinterpret_cast<const CaseExpr *>(node)->defresult), retyping);
}

/// The first place decides, as it does in PostgreSQL: an operand is of the operator's type, all else of the plain one.
bool choose_types(Node *node, Retyping *retyping) {
    if (node == nullptr)
        return false;
    if (IsA(node, Query))
        return choose_in_query(reinterpret_cast<Query *>(node), retyping);
    if (is_operator(node))
        choose_operands(reinterpret_cast<OpExpr *>(node)->args, retyping);
    else if (IsA(node, ScalarArrayOpExpr))
        choose_operands(reinterpret_cast<ScalarArrayOpExpr *>(node)->args, retyping, true);
    else if (IsA(node, RowCompareExpr)) {
        choose_operands(reinterpret_cast<RowCompareExpr *>(node)->largs, retyping);
        choose_operands(reinterpret_cast<RowCompareExpr *>(node)->rargs, retyping);
    } else if (const Oid plain = plain_of_parameter(node); OidIsValid(plain)) {
        if (!OidIsValid(retyping->of(node)))
            choose_alternative(node, retyping);
    } else {
        choose_alternatives(node, retyping);
        return expression_tree_walker(node, pg::walker(choose_types), retyping);
    }
    return false;
}

/// The parts of a query in the order in which PostgreSQL's parser comes to them.
bool choose_in_query(Query *query, Retyping *retyping) {
    const auto choose = [retyping](void *part) { (void)choose_types(static_cast<Node *>(part), retyping); };
    choose(query->cteList);
    (void)range_table_walker(query->rtable, pg::walker(choose_types), retyping, 0);
    if (query->jointree != nullptr)
        choose(query->jointree->fromlist);
    ListCell *cell;
    foreach (cell, query->commandType == CMD_SELECT ? query->targetList : NIL)
        choose_alternative(reinterpret_cast<Node *>(lfirst_node(TargetEntry, cell)->expr), retyping);
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
