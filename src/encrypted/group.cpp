// A hash aggregate asks for the hash of each value and then compares it with the group's: two decryptions a row. So
// where values are equal only if their bytes are, plans group by a digest of the plaintext that is computed once a row
// below the aggregate, which keeps the group's first ciphertext as it keeps other columns. The key of the digest is
// made by each process for itself and stored nowhere, and what is grouped in one process is never compared with
// another's.
#include "encrypted/group.hpp"

#include "encrypted/value.hpp"
#include "pg/equality.hpp"
#include "pg/function.hpp"
#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

pg::OwnFunction group_key("group_key", ANYOID);

struct Survey {
    List *aggregates;
    int last_id; // of all the plan's nodes
};

void survey(Plan *plan, Survey *found);

void survey(const List *plans, Survey *found) {
    ListCell *cell;
    foreach (cell, plans)
        survey(static_cast<Plan *>(lfirst(cell)), found);
}

void survey(Plan *plan, Survey *found) {
    if (plan == nullptr)
        return;
    check_stack_depth();
    found->last_id = std::max(found->last_id, plan->plan_node_id);
    survey(plan->lefttree, found);
    survey(plan->righttree, found);
    if (IsA(plan, Append))
        survey(reinterpret_cast<Append *>(plan)->appendplans, found);
    else if (IsA(plan, MergeAppend))
        survey(reinterpret_cast<MergeAppend *>(plan)->mergeplans, found);
    else if (IsA(plan, SubqueryScan))
        survey(reinterpret_cast<SubqueryScan *>(plan)->subplan, found);
    else if (IsA(plan, CustomScan))
        survey(reinterpret_cast<CustomScan *>(plan)->custom_plans, found);
    else if (IsA(plan, BitmapAnd))
        survey(reinterpret_cast<BitmapAnd *>(plan)->bitmapplans, found);
    else if (IsA(plan, BitmapOr))
        survey(reinterpret_cast<BitmapOr *>(plan)->bitmapplans, found);
    else if (IsA(plan, Agg))
        found->aggregates = lappend(found->aggregates, plan);
}

/// May values of the column be grouped by a digest, where the aggregate groups them by this equality?
bool digestible(const TargetEntry *target, Oid equality, Oid collation) {
    const Oid type = exprType(reinterpret_cast<Node *>(target->expr)), plain = plain_counterpart(type);
    if (!OidIsValid(plain) || lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr != equality ||
        (!OidIsValid(collation) && type_is_collatable(plain)))
        return false;
    return pg::boundary([&] { return pg::equal_is_same(plain, collation); });
}

/// Nodes of which it is plain that they compute what is added to their columns.
bool takes_a_column(const Plan *plan) {
    switch (nodeTag(plan)) {
    case T_SeqScan:
    case T_SampleScan:
    case T_IndexScan:
    case T_IndexOnlyScan:
    case T_BitmapHeapScan:
    case T_TidScan:
    case T_SubqueryScan:
    case T_FunctionScan:
    case T_ValuesScan:
    case T_CteScan:
    case T_NestLoop:
    case T_MergeJoin:
    case T_HashJoin:
    case T_Gather:
    case T_GatherMerge:
        return true;
    default:
        return false;
    }
}

TargetEntry *digest_of(const TargetEntry *target, Expr *value, int number) {
    FuncExpr *call = makeFuncExpr(group_key.id(), UUIDOID, list_make1(value), InvalidOid,
                                  exprCollation(reinterpret_cast<Node *>(target->expr)), COERCE_EXPLICIT_CALL);
    return makeTargetEntry(reinterpret_cast<Expr *>(call), static_cast<AttrNumber>(number), nullptr, true);
}

Expr *column_below(const TargetEntry *target) {
    const auto *expression = reinterpret_cast<const Node *>(target->expr);
    return reinterpret_cast<Expr *>(
        makeVar(OUTER_VAR, target->resno, exprType(expression), exprTypmod(expression), exprCollation(expression), 0));
}

/// A node that gives what the one below gives, and can compute more.
Plan *on_top_of(Plan *below, Survey *found) {
    Result *node = makeNode(Result);
    Plan *plan = &node->plan;
    plan->startup_cost = below->startup_cost;
    plan->total_cost = below->total_cost;
    plan->plan_rows = below->plan_rows;
    plan->plan_width = below->plan_width;
    plan->parallel_safe = below->parallel_safe;
    plan->plan_node_id = ++found->last_id;
    plan->lefttree = below;
    plan->extParam = bms_copy(below->extParam);
    plan->allParam = bms_copy(below->allParam);
    ListCell *cell;
    foreach (cell, below->targetlist) {
        const auto *target = lfirst_node(TargetEntry, cell);
        TargetEntry *same = makeTargetEntry(column_below(target), target->resno, target->resname, target->resjunk);
        same->ressortgroupref = target->ressortgroupref;
        plan->targetlist = lappend(plan->targetlist, same);
    }
    return plan;
}

template <class T> T *copy_of(const T *array, int count) {
    auto *copy = static_cast<T *>(palloc(sizeof(T) * static_cast<std::size_t>(count)));
    std::copy_n(array, count, copy);
    return copy;
}

/// Columns are not read from rows that the aggregate does not ask for: a scan that computes nothing gave the row as it
/// is.
void leave_out(Plan *below, const Agg *aggregate) {
    Bitmapset *needed = nullptr;
    pull_varattnos(reinterpret_cast<Node *>(aggregate->plan.targetlist), static_cast<Index>(OUTER_VAR), &needed);
    pull_varattnos(reinterpret_cast<Node *>(aggregate->plan.qual), static_cast<Index>(OUTER_VAR), &needed);
    for (int i = 0; i < aggregate->numCols; i++)
        needed = bms_add_member(needed, aggregate->grpColIdx[i] - FirstLowInvalidHeapAttributeNumber);
    ListCell *cell;
    foreach (cell, below->targetlist) {
        auto *target = lfirst_node(TargetEntry, cell);
        if (!IsA(target->expr, Var) || bms_is_member(target->resno - FirstLowInvalidHeapAttributeNumber, needed))
            continue;
        const auto *var = castNode(Var, target->expr);
        target = flatCopyTargetEntry(target);
        target->expr = reinterpret_cast<Expr *>(makeNullConst(var->vartype, var->vartypmod, var->varcollid));
        lfirst(cell) = target;
    }
}

bool group_by_digest(Agg *aggregate, Survey *found) {
    // Of several grouping sets, some may be made by sorting.
    if (aggregate->aggstrategy != AGG_HASHED || aggregate->groupingSets != NIL || aggregate->chain != NIL)
        return false;
    Plan *below = aggregate->plan.lefttree;
    bool any = false, columns = true;
    for (int i = 0; i < aggregate->numCols; i++) {
        const TargetEntry *target = get_tle_by_resno(below->targetlist, aggregate->grpColIdx[i]);
        if (target == nullptr || !digestible(target, aggregate->grpOperators[i], aggregate->grpCollations[i]))
            continue;
        any = true;
        columns = columns && IsA(target->expr, Var);
    }
    if (!any || !OidIsValid(group_key.id()))
        return false;

    if (!columns || !takes_a_column(below))
        below = aggregate->plan.lefttree = on_top_of(below, found);
    aggregate->grpColIdx = copy_of(aggregate->grpColIdx, aggregate->numCols);
    aggregate->grpOperators = copy_of(aggregate->grpOperators, aggregate->numCols);
    aggregate->grpCollations = copy_of(aggregate->grpCollations, aggregate->numCols);
    below->targetlist = list_copy(below->targetlist);
    for (int i = 0; i < aggregate->numCols; i++) {
        const TargetEntry *target = get_tle_by_resno(below->targetlist, aggregate->grpColIdx[i]);
        if (target == nullptr || !digestible(target, aggregate->grpOperators[i], aggregate->grpCollations[i]))
            continue;
        TargetEntry *digest =
            digest_of(target, static_cast<Expr *>(copyObject(target->expr)), list_length(below->targetlist) + 1);
        below->targetlist = lappend(below->targetlist, digest);
        below->plan_width += UUID_LEN;
        aggregate->grpColIdx[i] = digest->resno;
        aggregate->grpOperators[i] = lookup_type_cache(UUIDOID, TYPECACHE_EQ_OPR)->eq_opr;
        aggregate->grpCollations[i] = InvalidOid;
    }
    leave_out(below, aggregate);
    return true;
}

/// The bytes of a value as PostgreSQL keeps it, in which values differ if they are not equal.
cipher::Bytes bytes_of(const EncryptedType &type, Datum value, Datum *scratch) {
    if (type.by_value) {
        store_att_byval(scratch, value, type.length);
        return {reinterpret_cast<const std::uint8_t *>(scratch), static_cast<std::size_t>(type.length)};
    }
    const char *place = DatumGetPointer(value);
    if (type.length >= 0)
        return {reinterpret_cast<const std::uint8_t *>(place), static_cast<std::size_t>(type.length)};
    return {reinterpret_cast<const std::uint8_t *>(VARDATA_ANY(place)), VARSIZE_ANY_EXHDR(place)};
}

cipher::Mac &key_of_process() {
    static cipher::Mac *mac = nullptr;
    if (mac == nullptr)
        mac = pg::boundary([] { return new cipher::Mac(cipher::Key::random()); });
    return *mac;
}

} // namespace

void group_by_digest(PlannedStmt *planned) {
    Survey found{NIL, 0};
    survey(planned->planTree, &found);
    survey(planned->subplans, &found);
    bool any = false;
    ListCell *cell;
    foreach (cell, found.aggregates)
        any = group_by_digest(lfirst_node(Agg, cell), &found) || any;
    if (!any)
        return;
    // As the planner notes other functions of a plan.
    auto *item = makeNode(PlanInvalItem);
    item->cacheId = PROCOID;
    item->hashValue = GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(group_key.id()));
    planned->invalItems = lappend(planned->invalItems, item);
}

} // namespace gdpr::encrypted

using namespace gdpr;

GDPR_FUNCTION(gdpr_group_key) {
    const encrypted::EncryptedType &type = encrypted::type_of_call(fcinfo, 0);
    encrypted::Opened opened(type, PG_GETARG_DATUM(0), encrypted::Use::once);
    Datum scratch = 0;
    auto *digest = static_cast<pg_uuid_t *>(palloc(sizeof(pg_uuid_t)));
    if (!encrypted::key_of_process().digest(encrypted::bytes_of(type, opened.value(), &scratch), digest->data))
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not hash a value"),
                        errdetail("The cryptographic library failed.")));
    opened.release();
    PG_RETURN_UUID_P(digest);
}
