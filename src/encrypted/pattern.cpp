// Patterns over encrypted columns: the plain type's own matching on the decrypted value, and PostgreSQL's own support
// functions and estimators asked on the planner's behalf, with the encrypted column dressed as a plain one.
#include "encrypted/encrypted.hpp"
#include "encrypted/value.hpp"
#include "pg/pg.hpp"
#include "pg/planning.hpp"

using namespace gdpr;
using encrypted::EncryptedType;
using encrypted::Opened;

namespace {

/// The plain function: gdpr.encrypted_text_textlike(encrypted_text, text) stands for textlike(text, text).
Oid plain_function(Oid function) {
    Oid *arguments;
    int count;
    (void)get_func_signature(function, &arguments, &count);
    const Oid plain[2] = {encrypted::type_of(arguments[0]).operand, arguments[1]};
    char *name = get_func_name(function);
    if (get_func_namespace(function) != PG_CATALOG_NAMESPACE) {
        HeapTuple type = SearchSysCache1(TYPEOID, ObjectIdGetDatum(arguments[0]));
        name += std::strlen(NameStr(reinterpret_cast<Form_pg_type>(GETSTRUCT(type))->typname)) + 1;
        ReleaseSysCache(type);
    }
    return LookupFuncName(list_make2(makeString(pstrdup("pg_catalog")), makeString(name)), 2, plain, false);
}

struct Matcher {
    FmgrInfo plain;
    Oid encrypted;
};

// ---- Estimates ----------------------------------------------------------------------------------------------------

// What the planner's question is about, while an estimator of PostgreSQL's is asked: statistics in plaintext.
const VariableStatData *asked = nullptr;
HeapTuple plain_statistics = nullptr;
get_relation_stats_hook_type next_relation_stats = nullptr;

void keep_statistics(HeapTuple) {}

bool relation_stats(PlannerInfo *root, RangeTblEntry *entry, AttrNumber column, VariableStatData *data) {
    if (asked == nullptr)
        return next_relation_stats != nullptr && next_relation_stats(root, entry, column, data);
    data->statsTuple = plain_statistics;
    data->freefunc = keep_statistics;
    data->acl_ok = asked->acl_ok;
    return true;
}

Datum opened_values(const EncryptedType &type, ArrayType *sealed, Oid operand) {
    Datum *values;
    int count;
    deconstruct_array(sealed, type.encrypted, -1, false, TYPALIGN_INT, &values, nullptr, &count);
    for (int i = 0; i < count; i++)
        values[i] = encrypted::open(type, values[i]);
    int16 length;
    bool by_value;
    char align;
    get_typlenbyvalalign(operand, &length, &by_value, &align);
    return PointerGetDatum(construct_array(values, count, operand, length, by_value, align));
}

/// The row of pg_statistic as it would be of the plain column.
HeapTuple opened_statistics(HeapTuple sealed, Oid encrypted) {
    const EncryptedType &type = encrypted::type_of(encrypted);
    const Oid operand = type.operand;
    Relation catalog = table_open(StatisticRelationId, AccessShareLock);
    Datum values[Natts_pg_statistic];
    bool nulls[Natts_pg_statistic], replaced[Natts_pg_statistic] = {};
    heap_deform_tuple(sealed, RelationGetDescr(catalog), values, nulls);
    for (int slot = 0; slot < STATISTIC_NUM_SLOTS; slot++) {
        const int content = Anum_pg_statistic_stavalues1 - 1 + slot, operation = Anum_pg_statistic_staop1 - 1 + slot;
        if (!nulls[content]) {
            ArrayType *array = DatumGetArrayTypeP(values[content]);
            if (ARR_ELEMTYPE(array) == encrypted) {
                values[content] = opened_values(type, array, operand);
                replaced[content] = true;
            }
        }
        if (const Oid op = DatumGetObjectId(values[operation]); OidIsValid(op)) {
            values[operation] = ObjectIdGetDatum(encrypted::operator_between(get_opname(op), operand, operand));
            replaced[operation] = true;
        }
    }
    HeapTuple opened = heap_modify_tuple(sealed, RelationGetDescr(catalog), values, nulls, replaced);
    table_close(catalog, AccessShareLock);
    return opened;
}

/// Asks `estimate` with the arguments of a plain column, whose statistics are the decrypted ones.
template <typename Estimate>
bool estimate_plain(PlannerInfo *root, List *arguments, int relation, Estimate estimate, Selectivity *selectivity) {
    VariableStatData data;
    Node *other;
    bool on_left;
    if (!get_restriction_variable(root, arguments, relation, &data, &other, &on_left))
        return false;
    int position;
    const Oid encrypted = exprType(data.var);
    const bool usable = on_left && data.rel != nullptr && bms_get_singleton_member(data.rel->relids, &position) &&
                        OidIsValid(encrypted::plain_counterpart(encrypted));
    if (usable) {
        const Oid operand = encrypted::type_of(encrypted).operand;
        plain_statistics = HeapTupleIsValid(data.statsTuple) ? opened_statistics(data.statsTuple, encrypted) : nullptr;
        // No column has this number: PostgreSQL's own look-ups find nothing about it.
        Var *dressed = makeVar(position, FirstLowInvalidHeapAttributeNumber, operand, -1, exprCollation(data.var), 0);
        asked = &data;
        PG_TRY();
        { *selectivity = estimate(list_make2(dressed, other)); }
        PG_FINALLY();
        {
            asked = nullptr;
            plain_statistics = nullptr;
        }
        PG_END_TRY();
    }
    ReleaseVariableStats(data);
    return usable;
}

// ---- Index conditions ------------------------------------------------------------

/// The plain operator family that answers for the index's.
Oid plain_family(const SupportRequestIndexCondition *request, Oid encrypted, Oid operand) {
    const char *prefix_operator = "~>=~";
    if (request->index->relam == BTREE_AM_OID) {
        const Oid sealed = encrypted::operator_between(prefix_operator, encrypted, operand);
        if (OidIsValid(sealed) && op_in_opfamily(sealed, request->opfamily)) {
            const Oid plain = encrypted::operator_between(prefix_operator, operand, operand);
            return operand == BPCHAROID ? BPCHAR_PATTERN_BTREE_FAM_OID
                   : OidIsValid(plain)  ? TEXT_PATTERN_BTREE_FAM_OID
                                        : InvalidOid;
        }
    }
    const Oid opclass = GetDefaultOpClass(operand, request->index->relam);
    return OidIsValid(opclass) ? get_opclass_family(opclass) : InvalidOid;
}

Node *index_condition(SupportRequestIndexCondition *request) {
    if (request->indexarg != 0)
        return nullptr;
    const bool is_operator = is_opclause(request->node);
    if (!is_operator && !is_funcclause(request->node))
        return nullptr;
    List *arguments = is_operator ? reinterpret_cast<OpExpr *>(request->node)->args
                                  : reinterpret_cast<FuncExpr *>(request->node)->args;
    auto *column = static_cast<Node *>(linitial(arguments));
    const Oid encrypted = exprType(column), plain = plain_function(request->funcid);
    const Oid operand = encrypted::type_of(encrypted).operand;

    // The same question about a plain column: only its type is looked at.
    SupportRequestIndexCondition asking = *request;
    asking.opfamily = plain_family(request, encrypted, operand);
    asking.funcid = plain;
    asking.node = static_cast<Node *>(copyObject(request->node));
    List *dressed = list_make2(makeVar(1, 1, operand, -1, exprCollation(column), 0), lsecond(arguments));
    if (is_operator)
        reinterpret_cast<OpExpr *>(asking.node)->args = dressed;
    else
        reinterpret_cast<FuncExpr *>(asking.node)->args = dressed;
    const Oid support = get_func_support(plain);
    if (!OidIsValid(asking.opfamily) || !OidIsValid(support))
        return nullptr;
    auto *conditions = reinterpret_cast<List *>(DatumGetPointer(OidFunctionCall1(support, PointerGetDatum(&asking))));

    ListCell *cell;
    foreach (cell, conditions) {
        auto *condition = lfirst_node(OpExpr, cell);
        auto *bound = static_cast<Node *>(lsecond(condition->args));
        condition->opno = encrypted::operator_between(get_opname(condition->opno), encrypted, exprType(bound));
        if (!OidIsValid(condition->opno) || !op_in_opfamily(condition->opno, request->opfamily))
            return nullptr;
        condition->opfuncid = get_opcode(condition->opno);
        condition->args = list_make2(column, bound);
    }
    request->lossy = asking.lossy;
    return reinterpret_cast<Node *>(conditions);
}

/// Of a call by name: PostgreSQL estimates operators by their own estimator.
Node *selectivity(SupportRequestSelectivity *request) {
    const Oid plain = plain_function(request->funcid), support = get_func_support(plain);
    const auto ask = [&](List *arguments) {
        SupportRequestSelectivity asking = *request;
        asking.funcid = plain;
        asking.args = arguments;
        asking.selectivity = -1;
        (void)OidFunctionCall1(support, PointerGetDatum(&asking));
        return asking.selectivity;
    };
    if (request->is_join || !OidIsValid(support) ||
        !estimate_plain(request->root, request->args, request->varRelid, ask, &request->selectivity) ||
        request->selectivity < 0)
        return nullptr;
    return reinterpret_cast<Node *>(request);
}

} // namespace

GDPR_FUNCTION(gdpr_match_pattern) {
    auto *matcher = static_cast<Matcher *>(fcinfo->flinfo->fn_extra);
    if (matcher == nullptr) {
        matcher = static_cast<Matcher *>(MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Matcher)));
        Oid *arguments;
        int count;
        (void)get_func_signature(fcinfo->flinfo->fn_oid, &arguments, &count);
        matcher->encrypted = arguments[0];
        fmgr_info_cxt(plain_function(fcinfo->flinfo->fn_oid), &matcher->plain, fcinfo->flinfo->fn_mcxt);
        fcinfo->flinfo->fn_extra = matcher;
    }
    Opened opened(encrypted::type_of(matcher->encrypted), PG_GETARG_DATUM(0), encrypted::Use::once);
    const Datum matches = FunctionCall2Coll(&matcher->plain, PG_GET_COLLATION(), opened.value(), PG_GETARG_DATUM(1));
    opened.release();
    return matches;
}

GDPR_FUNCTION(gdpr_pattern_support) {
    auto *request = reinterpret_cast<Node *>(PG_GETARG_POINTER(0));
    if (IsA(request, SupportRequestIndexCondition))
        PG_RETURN_POINTER(index_condition(castNode(SupportRequestIndexCondition, request)));
    if (IsA(request, SupportRequestSelectivity))
        PG_RETURN_POINTER(selectivity(castNode(SupportRequestSelectivity, request)));
    PG_RETURN_POINTER(nullptr);
}

GDPR_FUNCTION(gdpr_pattern_selectivity) {
    auto *root = reinterpret_cast<PlannerInfo *>(PG_GETARG_POINTER(0));
    const Oid operation = PG_GETARG_OID(1);
    auto *arguments = reinterpret_cast<List *>(PG_GETARG_POINTER(2));
    const int relation = PG_GETARG_INT32(3);
    Oid left, right;
    op_input_types(operation, &left, &right);
    const Oid plain = encrypted::operator_between(get_opname(operation), encrypted::type_of(left).operand, right);
    const RegProcedure estimator = get_oprrest(plain);
    Selectivity selectivity;
    if (estimate_plain(
            root, arguments, relation,
            [&](List *dressed) {
                return DatumGetFloat8(OidFunctionCall4Coll(estimator, PG_GET_COLLATION(), PointerGetDatum(root),
                                                           ObjectIdGetDatum(plain), PointerGetDatum(dressed),
                                                           Int32GetDatum(relation)));
            },
            &selectivity))
        PG_RETURN_FLOAT8(selectivity);
    PG_RETURN_FLOAT8(*get_opname(operation) == '!' ? 1.0 - DEFAULT_MATCH_SEL : DEFAULT_MATCH_SEL);
}

namespace gdpr::encrypted {

void init_patterns() {
    next_relation_stats = get_relation_stats_hook;
    get_relation_stats_hook = relation_stats;
}

} // namespace gdpr::encrypted
