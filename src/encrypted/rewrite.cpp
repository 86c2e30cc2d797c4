#include "encrypted/rewrite.hpp"

#include "encrypted/encrypted.hpp"
#include "encrypted/group.hpp"
#include "encrypted/value.hpp"
#include "pg/pg.hpp"
#include "pg/tree.hpp"

namespace gdpr::encrypted {

namespace {

planner_hook_type next_planner = nullptr;

struct Walk {
    const Query *query; // the one at hand
};

bool walk(Node *node, Walk *context) {
    if (node == nullptr)
        return false;
    if (IsA(node, Query)) {
        auto *query = castNode(Query, node);
        seal_anew(query);
        use_index_for_extremes(query);
        Walk inner{query};
        return query_tree_walker(query, pg::walker(walk), &inner, 0);
    }
    if (IsA(node, Aggref))
        decrypt_names(castNode(Aggref, node));
    else if (IsA(node, WindowFunc))
        decrypt_names(castNode(WindowFunc, node));
    else if (IsA(node, FuncExpr)) {
        decrypt_names(castNode(FuncExpr, node));
        refuse_cast_to_json(castNode(FuncExpr, node));
        refuse_undecided(castNode(FuncExpr, node));
    } else if (IsA(node, OpExpr))
        use_encrypted_operator(castNode(OpExpr, node), context->query);
    else if (IsA(node, RowCompareExpr))
        use_encrypted_operators(castNode(RowCompareExpr, node), context->query);
    else if (IsA(node, ScalarArrayOpExpr)) {
        auto *search = castNode(ScalarArrayOpExpr, node);
        set_sa_opfuncid(search);
        use_operator_behind(search);
        use_encrypted_operator(search, context->query);
    }
    return expression_tree_walker(node, pg::walker(walk), context);
}

bool built_in(Oid object) { return object < FirstNormalObjectId; }

bool nothing_of_ours(const Node *node, int depth);

bool nothing_of_ours(const List *list, int depth) {
    ListCell *cell;
    foreach (cell, list)
        if (!nothing_of_ours(static_cast<const Node *>(lfirst(cell)), depth))
            return false;
    return true;
}

/// Is everything in a simple statement PostgreSQL's own, its types and functions? In the way of every statement, so it
/// knows the commonest nodes alone, and not how to look far. Where it does not know, it says no.
bool nothing_of_ours(const Node *node, int depth) {
    if (node == nullptr)
        return true;
    if (depth > 32)
        return false;
    const auto list = [&](const List *nodes) { return nothing_of_ours(nodes, depth + 1); };
    const auto each = [&](const void *one) { return nothing_of_ours(static_cast<const Node *>(one), depth + 1); };
    switch (nodeTag(node)) {
    case T_Var:
        return built_in(reinterpret_cast<const Var *>(node)->vartype);
    case T_Const:
        return built_in(reinterpret_cast<const Const *>(node)->consttype);
    case T_Param:
        return built_in(reinterpret_cast<const Param *>(node)->paramtype);
    case T_TargetEntry:
        return each(reinterpret_cast<const TargetEntry *>(node)->expr);
    case T_RangeTblRef:
        return true;
    case T_FromExpr:
        return list(reinterpret_cast<const FromExpr *>(node)->fromlist) &&
               each(reinterpret_cast<const FromExpr *>(node)->quals);
    case T_JoinExpr:
        return each(reinterpret_cast<const JoinExpr *>(node)->larg) &&
               each(reinterpret_cast<const JoinExpr *>(node)->rarg) &&
               each(reinterpret_cast<const JoinExpr *>(node)->quals);
    case T_OpExpr:
        return built_in(reinterpret_cast<const OpExpr *>(node)->opno) &&
               list(reinterpret_cast<const OpExpr *>(node)->args);
    case T_BoolExpr:
        return list(reinterpret_cast<const BoolExpr *>(node)->args);
    case T_FuncExpr:
        return built_in(reinterpret_cast<const FuncExpr *>(node)->funcid) &&
               list(reinterpret_cast<const FuncExpr *>(node)->args);
    case T_RelabelType:
        return built_in(reinterpret_cast<const RelabelType *>(node)->resulttype) &&
               each(reinterpret_cast<const RelabelType *>(node)->arg);
    case T_NullTest:
        return each(reinterpret_cast<const NullTest *>(node)->arg);
    case T_SQLValueFunction:
        return true;
    case T_ScalarArrayOpExpr:
        return built_in(reinterpret_cast<const ScalarArrayOpExpr *>(node)->opno) &&
               list(reinterpret_cast<const ScalarArrayOpExpr *>(node)->args);
    case T_ArrayExpr:
        return built_in(reinterpret_cast<const ArrayExpr *>(node)->array_typeid) &&
               list(reinterpret_cast<const ArrayExpr *>(node)->elements);
    case T_CoalesceExpr:
        return list(reinterpret_cast<const CoalesceExpr *>(node)->args);
    default:
        return false;
    }
}

/// Of a statement on tables alone, without subqueries, aggregates and the like.
bool nothing_of_ours(const Query *query) {
    if (query->commandType == CMD_UTILITY || query->hasSubLinks || query->hasAggs || query->hasWindowFuncs ||
        query->hasTargetSRFs || query->cteList != NIL || query->setOperations != nullptr ||
        query->onConflict != nullptr || query->mergeActionList != NIL || query->groupClause != NIL ||
        query->groupingSets != NIL || query->havingQual != nullptr || query->withCheckOptions != NIL)
        return false;
    ListCell *cell;
    foreach (cell, query->rtable) {
        const auto *entry = lfirst_node(RangeTblEntry, cell);
        const bool bare = (entry->rtekind == RTE_RELATION && entry->tablesample == nullptr) ||
                          entry->rtekind == RTE_JOIN || entry->rtekind == RTE_RESULT;
        if (!bare || entry->securityQuals != NIL)
            return false;
    }
    return nothing_of_ours(query->targetList, 0) && nothing_of_ours(query->returningList, 0) &&
           nothing_of_ours(reinterpret_cast<const Node *>(query->jointree), 0) &&
           nothing_of_ours(query->limitCount, 0) && nothing_of_ours(query->limitOffset, 0);
}

/// The type of a column of the table that a statement makes or changes.
Oid column_type(const char *name, const List *definitions, const RangeVar *relation) {
    ListCell *cell;
    foreach (cell, definitions)
        if (IsA(lfirst(cell), ColumnDef) && std::strcmp(lfirst_node(ColumnDef, cell)->colname, name) == 0)
            return LookupTypeNameOid(nullptr, lfirst_node(ColumnDef, cell)->typeName, true);
    const Oid known = relation != nullptr ? RangeVarGetRelid(relation, NoLock, true) : InvalidOid;
    const AttrNumber number = OidIsValid(known) ? get_attnum(known, name) : InvalidAttrNumber;
    return number != InvalidAttrNumber ? get_atttype(known, number) : InvalidOid;
}

/// An exclusion constraint names its operators, and those of some encrypted types are hidden.
void qualify_operators(const List *definitions, const RangeVar *relation) {
    ListCell *cell;
    foreach (cell, definitions) {
        auto *definition = static_cast<Node *>(lfirst(cell));
        if (definition != nullptr && IsA(definition, AlterTableCmd))
            definition = castNode(AlterTableCmd, definition)->def;
        if (definition == nullptr || !IsA(definition, Constraint) ||
            castNode(Constraint, definition)->contype != CONSTR_EXCLUSION)
            continue;
        ListCell *exclusion;
        foreach (exclusion, castNode(Constraint, definition)->exclusions) {
            auto *pair = lfirst_node(List, exclusion);
            const auto *element = linitial_node(IndexElem, pair);
            auto *name = lsecond_node(List, pair);
            const Oid type = element->name != nullptr ? column_type(element->name, definitions, relation) : InvalidOid;
            if (list_length(name) != 1 || !OidIsValid(type) || !OidIsValid(plain_counterpart(type)))
                continue;
            const Oid found = operator_between(strVal(linitial(name)), type, type);
            if (OidIsValid(found) &&
                found != OpernameGetOprid(list_make2(makeString(pstrdup("pg_catalog")), linitial(name)), type, type))
                lsecond(pair) = list_make2(makeString(pstrdup(hidden_schema)), linitial(name));
        }
    }
}

/// What GIN, GiST and SP-GiST keep are parts of a value, or bounds of several, in plaintext.
void refuse_plain_entries(const IndexStmt *statement) {
    const Oid method = get_am_oid(statement->accessMethod, true);
    if (method != GIN_AM_OID && method != GIST_AM_OID && method != SPGIST_AM_OID)
        return;
    ListCell *cell;
    foreach (cell, statement->indexParams) {
        const auto *element = lfirst_node(IndexElem, cell);
        const Oid type = element->name != nullptr ? column_type(element->name, NIL, statement->relation) : InvalidOid;
        // Whoever names an operator class has made one.
        if (element->opclass == NIL && OidIsValid(type) && OidIsValid(plain_counterpart(type)) &&
            !OidIsValid(GetDefaultOpClass(type, method)))
            ereport(ERROR,
                    (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                     errmsg("access method %s does not index encrypted columns", statement->accessMethod),
                     errdetail("Its entries would be parts of the values of column %s in plaintext.", element->name),
                     errhint("Index what is searched for, encrypted: CREATE INDEX ON ... (gdpr.sealed(%s ->> 'key')).",
                             element->name)));
    }
}

/// Its values would hold others within, which rotation does not reach.
void refuse_range(const CreateRangeStmt *statement) {
    ListCell *cell;
    foreach (cell, statement->params) {
        auto *parameter = lfirst_node(DefElem, cell);
        const Oid type = std::strcmp(parameter->defname, "subtype") == 0
                             ? LookupTypeNameOid(nullptr, defGetTypeName(parameter), true)
                             : InvalidOid;
        if (const Oid plain = OidIsValid(type) ? plain_counterpart(getBaseType(type)) : InvalidOid; OidIsValid(plain))
            ereport(ERROR,
                    (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("ranges of encrypted values are not supported"),
                     errhint("Encrypt the range as a whole: make it over %s, and then its encrypted type with "
                             "gdpr.create_encrypted_type().",
                             format_type_be(plain))));
    }
}

void process_utility(pg::Utility &command) {
    if (!OidIsValid(get_namespace_oid("gdpr", true)))
        return command.proceed();
    Node *statement = command.statement();
    if (IsA(statement, CreateStmt) || IsA(statement, AlterTableStmt)) {
        if (command.read_only)
            command.planned = static_cast<PlannedStmt *>(copyObject(command.planned));
        command.read_only = false;
        statement = command.statement();
        if (IsA(statement, CreateStmt))
            qualify_operators(castNode(CreateStmt, statement)->tableElts, nullptr);
        else
            qualify_operators(castNode(AlterTableStmt, statement)->cmds, castNode(AlterTableStmt, statement)->relation);
    }
    if (IsA(statement, IndexStmt))
        refuse_plain_entries(castNode(IndexStmt, statement));
    if (IsA(statement, CreateRangeStmt))
        refuse_range(castNode(CreateRangeStmt, statement));
    command.proceed();
}

/// The planner owns its input and changes it too.
PlannedStmt *plan(Query *query, const char *text, int options, ParamListInfo parameters) {
    const auto next = next_planner != nullptr ? next_planner : standard_planner;
    if (nothing_of_ours(query) || !OidIsValid(get_namespace_oid("gdpr", true)))
        return next(query, text, options, parameters);
    Walk context{nullptr};
    (void)walk(reinterpret_cast<Node *>(query), &context);
    const std::uint64_t opened = values_opened;
    PlannedStmt *planned = next(query, text, options, parameters);
    values_opened = opened;
    group_by_digest(planned);
    return planned;
}

} // namespace

void init_rewriting() {
    next_planner = planner_hook;
    planner_hook = plan;
    pg::on_utility({T_CreateStmt, T_AlterTableStmt, T_IndexStmt, T_CreateRangeStmt}, process_utility);
}

} // namespace gdpr::encrypted
