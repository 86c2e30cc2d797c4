// Which conditions may run on rows that a policy is going to hide. PostgreSQL's own answer is LEAKPROOF, which almost
// nothing is; ours is wider: a function that sends its arguments nowhere and whose success does not depend on them.
// A user's function may print them, a cast may quote them in its error, a division fails on one row alone: such
// statements keep the policies in front. What is not known here is not discreet.
#include "restrict/planner.hpp"

#include "pg/pg.hpp"
#include "pg/tree.hpp"

namespace gdpr::restriction {

namespace {

/// Built-in functions by their C symbol. Only a superuser makes functions in the languages internal and C.
constexpr std::string_view discreet_functions[] = {
    // Text to text.
    "lower", "upper", "initcap", "textcat", "btrim", "btrim1", "ltrim", "ltrim1", "rtrim", "rtrim1", "textlen",
    "bpcharlen", "textpos",
    // Total, unlike most casts.
    "timestamp_date",
    // Full text search.
    "to_tsvector", "to_tsvector_byid", "ts_match_vq", "ts_match_qv", "ts_match_tt", "ts_match_tq",
    // Documents, arrays, ranges, addresses.
    "jsonb_contains", "jsonb_contained", "jsonb_exists", "jsonb_exists_any", "jsonb_exists_all", "jsonb_object_field",
    "jsonb_object_field_text", "jsonb_array_element", "jsonb_array_element_text", "jsonb_extract_path",
    "jsonb_extract_path_text", "arraycontains", "arraycontained", "arrayoverlap", "range_contains",
    "range_contains_elem", "range_contained_by", "elem_contained_by_range", "range_overlaps", "network_sub",
    "network_subeq", "network_sup", "network_supeq", "network_overlap"};

/// The same in the language C: reading an encrypted column (it fails, if at all, for all of its rows), and what the
/// extensions pg_trgm and unaccent put beside LIKE and lower().
constexpr std::string_view discreet_in_c[] = {"gdpr_decrypt", "similarity_op", "word_similarity_op",
                                              "word_similarity_commutator_op", "unaccent_dict"};

/// Searches, whose errors depend on the right side alone: that must be the same for every row.
constexpr std::string_view discreet_searches[] = {
    // LIKE
    "textlike", "textnlike", "texticlike", "texticnlike", "namelike", "namenlike", "nameiclike", "nameicnlike",
    "bytealike", "byteanlike",
    // Regular expressions and JSON paths.
    "textregexeq", "textregexne", "texticregexeq", "texticregexne", "nameregexeq", "nameregexne",
    "jsonb_path_exists_opr", "jsonb_path_match_opr"};

template <std::size_t Size> bool among(const std::string_view (&names)[Size], std::string_view name) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

/// Does anything in the expression come from a row? Parameters and constants do not.
bool row_dependent(Node *node, void *context) {
    if (node == nullptr)
        return false;
    switch (nodeTag(node)) {
    case T_Var:
    case T_SubLink:
    case T_Aggref:
    case T_WindowFunc:
    case T_GroupingFunc:
    case T_PlaceHolderVar:
    case T_CurrentOfExpr:
    case T_Query:
        return true;
    default:
        return expression_tree_walker(node, pg::walker(row_dependent), context);
    }
}

/// Comparison as the operator families of btree and hash have it: total, hence without errors.
bool compares(Oid op) {
    bool found = false;
    for (const Oid each : {op, get_negator(op)}) {
        if (!OidIsValid(each) || found)
            continue;
        CatCList *members = SearchSysCacheList1(AMOPOPID, ObjectIdGetDatum(each));
        for (int i = 0; i < members->n_members && !found; i++) {
            const auto *member = reinterpret_cast<Form_pg_amop>(GETSTRUCT(&members->members[i]->tuple));
            found = member->amopmethod == BTREE_AM_OID || member->amopmethod == HASH_AM_OID;
        }
        ReleaseSysCacheList(members);
    }
    return found;
}

bool indiscreet(Node *node, List **queries);

/// Stands for an argument in the examination of a call: from a row where that is, else the same for every row.
Node *stand_in(Node *argument, Oid type, int number) {
    if (row_dependent(argument, nullptr))
        return reinterpret_cast<Node *>(
            makeVar(1, static_cast<AttrNumber>(number), type, -1, get_typcollation(type), 0));
    Param *param = makeNode(Param);
    param->paramkind = PARAM_EXTERN;
    param->paramid = number;
    param->paramtype = type;
    param->paramtypmod = -1;
    param->paramcollid = get_typcollation(type);
    param->location = -1;
    return reinterpret_cast<Node *>(param);
}

/// A function in the language SQL is what its body does. Only the extension's own are looked into: the overloads that
/// stand for a cast and a built-in operator. The planner's own inlining shows the body; the arguments themselves are
/// not evaluated here.
bool discreet_body(Oid function, Oid collation, List *arguments) {
    if (get_func_namespace(function) != get_namespace_oid("gdpr", true) ||
        get_func_nargs(function) != list_length(arguments))
        return false;
    List *stand_ins = NIL;
    ListCell *cell;
    foreach (cell, arguments) {
        auto *argument = static_cast<Node *>(lfirst(cell));
        stand_ins = lappend(stand_ins, stand_in(argument, exprType(argument), foreach_current_index(cell) + 1));
    }
    auto *call = reinterpret_cast<Node *>(
        makeFuncExpr(function, get_func_rettype(function), stand_ins, collation, collation, COERCE_EXPLICIT_CALL));
    Node *body = eval_const_expressions(nullptr, call);
    const bool inlined = !IsA(body, FuncExpr) || reinterpret_cast<FuncExpr *>(body)->funcid != function;
    List *queries = NIL;
    return inlined && !indiscreet(body, &queries);
}

bool discreet_function(Oid function, Oid op, Oid collation, List *arguments) {
    if (get_func_leakproof(function))
        return true;
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        return false;
    const Oid language = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->prolang;
    bool null = false;
    const Datum source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &null);
    const char *symbol = null ? "" : TextDatumGetCString(source);
    ReleaseSysCache(tuple);
    if (language == SQLlanguageId)
        return discreet_body(function, collation, arguments);
    if (language == ClanguageId)
        return among(discreet_in_c, symbol) || (OidIsValid(op) && compares(op));
    if (language != INTERNALlanguageId)
        return false;
    if (among(discreet_searches, symbol))
        return list_length(arguments) == 2 && !row_dependent(static_cast<Node *>(lsecond(arguments)), nullptr);
    return among(discreet_functions, symbol) || (OidIsValid(op) && compares(op));
}

/// Types that are always written out as text without an error.
bool always_printable(Oid type) {
    switch (type) {
    case BOOLOID:
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case NUMERICOID:
    case UUIDOID:
        return true;
    default:
        return false;
    }
}

bool indiscreet_query(Query *query, List **queries, bool outermost);

bool indiscreet(Node *node, List **queries) {
    if (node == nullptr)
        return false;
    switch (nodeTag(node)) {
    case T_FuncExpr: {
        const auto *call = reinterpret_cast<FuncExpr *>(node);
        if (!row_dependent(node, nullptr))
            return false;
        if (!discreet_function(call->funcid, InvalidOid, call->inputcollid, call->args))
            return true;
        break;
    }
    case T_OpExpr:
    case T_DistinctExpr:
    case T_NullIfExpr: {
        auto *call = reinterpret_cast<OpExpr *>(node);
        if (!row_dependent(node, nullptr))
            return false;
        set_opfuncid(call);
        if (!discreet_function(call->opfuncid, call->opno, call->inputcollid, call->args))
            return true;
        break;
    }
    case T_ScalarArrayOpExpr: {
        auto *call = reinterpret_cast<ScalarArrayOpExpr *>(node);
        if (!row_dependent(node, nullptr))
            return false;
        set_sa_opfuncid(call);
        auto *array = static_cast<Node *>(lsecond(call->args));
        Node *element = stand_in(array, get_base_element_type(exprType(array)), 2);
        if (!discreet_function(call->opfuncid, call->opno, call->inputcollid,
                               list_make2(linitial(call->args), element)))
            return true;
        break;
    }
    case T_RowCompareExpr: {
        ListCell *cell;
        foreach (cell, reinterpret_cast<RowCompareExpr *>(node)->opnos)
            if (!discreet_function(get_opcode(lfirst_oid(cell)), lfirst_oid(cell), InvalidOid, NIL))
                return true;
        break;
    }
    case T_CoerceViaIO: {
        const auto *coercion = reinterpret_cast<CoerceViaIO *>(node);
        if (!row_dependent(node, nullptr))
            return false;
        if (coercion->resulttype != TEXTOID || !always_printable(exprType(reinterpret_cast<Node *>(coercion->arg))))
            return true;
        break;
    }
    case T_Aggref:
    case T_WindowFunc:
    case T_GroupingFunc:
        // Computed from rows that passed every condition, and never moved in front of one.
        return false;
    case T_Query:
        return indiscreet_query(reinterpret_cast<Query *>(node), queries, false);
    case T_Var:
    case T_Const:
    case T_Param:
    case T_RelabelType:
    case T_CollateExpr:
    case T_NamedArgExpr:
    case T_BoolExpr:
    case T_NullTest:
    case T_BooleanTest:
    case T_CaseExpr:
    case T_CaseWhen:
    case T_CaseTestExpr:
    case T_CoalesceExpr:
    case T_MinMaxExpr:
    case T_ArrayExpr:
    case T_ArrayCoerceExpr:
    case T_RowExpr:
    case T_SQLValueFunction:
    case T_SubLink:
    case T_List:
    case T_TargetEntry:
    case T_FromExpr:
    case T_JoinExpr:
    case T_RangeTblRef:
    case T_RangeTblFunction:
    case T_CommonTableExpr:
    case T_SetOperationStmt:
    case T_SortGroupClause:
    case T_GroupingSet:
    case T_WindowClause:
        break;
    default:
        return true;
    }
    return expression_tree_walker(node, pg::walker(indiscreet), queries);
}

bool indiscreet_source(RangeTblEntry *source, List **queries) {
    switch (source->rtekind) {
    case RTE_RELATION:
        return source->tablesample != nullptr;
    case RTE_SUBQUERY:
        // Nothing of ours moves into a security barrier or out of it.
        return !source->security_barrier && indiscreet(reinterpret_cast<Node *>(source->subquery), queries);
    case RTE_JOIN:
        return indiscreet(reinterpret_cast<Node *>(source->joinaliasvars), queries);
    case RTE_FUNCTION:
        return indiscreet(reinterpret_cast<Node *>(source->functions), queries);
    case RTE_VALUES:
        return indiscreet(reinterpret_cast<Node *>(source->values_lists), queries);
    case RTE_CTE:
    case RTE_NAMEDTUPLESTORE:
    case RTE_RESULT:
        return false;
#if PG_VERSION_NUM >= 180000
    case RTE_GROUP:
        return indiscreet(reinterpret_cast<Node *>(source->groupexprs), queries);
#endif
    default:
        return true;
    }
}

bool indiscreet_query(Query *query, List **queries, bool outermost) {
    if (query->commandType == CMD_MERGE || query->commandType == CMD_UTILITY)
        return true;
    *queries = lappend(*queries, query);
    ListCell *cell;
    foreach (cell, query->rtable)
        if (indiscreet_source(static_cast<RangeTblEntry *>(lfirst(cell)), queries))
            return true;
    // Checks of policies on new rows come after everything else.
    Query rest = *query;
    rest.withCheckOptions = NIL;
    if (outermost) {
        rest.targetList = NIL;
        rest.returningList = NIL;
        rest.onConflict = nullptr;
    }
    return query_tree_walker(&rest, pg::walker(indiscreet), queries, QTW_IGNORE_RANGE_TABLE);
}

} // namespace

bool discreet(Query *statement, List **queries) { return !indiscreet_query(statement, queries, true); }

} // namespace gdpr::restriction
