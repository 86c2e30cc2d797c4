// What the server knows of columns as a whole: pg_stats shows their values, estimates in EXPLAIN tell how many there
// are.
#include "pg/statistics.hpp"
#include "gate/guard.hpp"
#include "gate/planner.hpp"
#include "gate/utility.hpp"
#include "pg/pg.hpp"
#include "pg/planning.hpp"

namespace gdpr::gate {

namespace {

get_relation_stats_hook_type next_stats = nullptr;
get_attavgwidth_hook_type next_width = nullptr;
get_relation_info_hook_type next_relation_info = nullptr;

bool without_statistics(Oid relation, AttrNumber column) {
    if (!planning_gated())
        return false;
    return pg::boundary([&] {
        if (relation < FirstNormalObjectId || !any_rules())
            return false;
        const Sight &now = sight();
        return now.gated && verdict(relation, column, now).gated();
    });
}

bool stats(PlannerInfo *root, RangeTblEntry *entry, AttrNumber column, VariableStatData *data) {
    if (entry->rtekind == RTE_RELATION && without_statistics(entry->relid, column)) {
        data->statsTuple = nullptr;
        return true;
    }
    return next_stats != nullptr && next_stats(root, entry, column, data);
}

int32 width(Oid relation, AttrNumber column) {
    if (without_statistics(relation, column)) {
        Oid type;
        int32 typmod;
        Oid collation;
        get_atttypetypmodcoll(relation, column, &type, &typmod, &collation);
        return get_typavgwidth(type, typmod);
    }
    return next_width != nullptr ? next_width(relation, column) : 0;
}

/// Is the order of an index one of gated values?
bool ordered_by_gated(const IndexOptInfo &index, Oid relation, const Sight &now) {
    for (int i = 0; i < index.nkeycolumns; i++)
        if (index.indexkeys[i] == 0 || verdict(relation, static_cast<AttrNumber>(index.indexkeys[i]), now).gated())
            return true;
    return false;
}

/// Rows that come in the order of an index tell how the values compare that it is made of, whatever is put in their
/// place. So such an index may say which rows there are, but they are taken from the table in the table's order.
void relation_info(PlannerInfo *root, Oid relation, bool parent, RelOptInfo *info) {
    if (next_relation_info != nullptr)
        next_relation_info(root, relation, parent, info);
    if (info->indexlist == NIL || relation < FirstNormalObjectId || !planning_gated_form())
        return;
    pg::boundary([&] {
        if (!any_rules() || !gated(relation, sight()))
            return;
        ListCell *cell;
        foreach (cell, info->indexlist)
            if (auto *index = static_cast<IndexOptInfo *>(lfirst(cell)); ordered_by_gated(*index, relation, sight()))
                index->amhasgettuple = false;
    });
}

/// Functions that read the write-ahead log, where rows are as they are.
bool reads_changes(Oid function) {
    static constexpr std::array names{"pg_logical_slot_get_changes",        "pg_logical_slot_peek_changes",
                                      "pg_logical_slot_get_binary_changes", "pg_logical_slot_peek_binary_changes",
                                      "pg_create_logical_replication_slot", "pg_copy_logical_replication_slot"};
    if (function >= FirstNormalObjectId)
        return false;
    const char *name = get_func_name(function);
    return name != nullptr &&
           std::any_of(names.begin(), names.end(), [&](const char *each) { return std::strcmp(name, each) == 0; });
}

void dropped(Oid catalog, Oid object, int) {
    if (catalog == ConstraintRelationId && in_use() && !pg::in_owner_scope())
        pg::boundary([&] {
            if (any_rules() && sight().gated)
                note_constraint_drop(object);
        });
}

[[gnu::noinline]] void executed_by_gated(Oid object) {
    pg::boundary([&] {
        if (pg::call([&] { return reads_changes(object); }) && any_rules() && sight().gated)
            pg::raise(ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to read the log of changes",
                      "It has the rows as they are, and this role's channel does not see them so.",
                      "Let a role read it that may see them.");
    });
}

void executed(Oid, Oid object, int) {
    if (perhaps_gated())
        executed_by_gated(object);
}

} // namespace

void init_statistics() {
    next_stats = get_relation_stats_hook;
    get_relation_stats_hook = stats;
    next_width = get_attavgwidth_hook;
    get_attavgwidth_hook = width;
    next_relation_info = get_relation_info_hook;
    get_relation_info_hook = relation_info;
    pg::on_object_access(OAT_DROP, dropped);
    pg::on_object_access(OAT_FUNCTION_EXECUTE, executed);
}

} // namespace gdpr::gate

using namespace gdpr;

/// May the session see what is known of a column's values?
GDPR_FUNCTION(gdpr_statistics_visible) {
    if (!gate::any_rules())
        PG_RETURN_BOOL(true);
    const gate::Sight &now = gate::sight();
    const Oid relation = PG_GETARG_OID(0);
    // Of an index on expressions: what they are made of is not looked into.
    const char kind = pg::call([&] { return get_rel_relkind(relation); });
    if (kind == RELKIND_INDEX || kind == RELKIND_PARTITIONED_INDEX)
        PG_RETURN_BOOL(!now.gated || !gate::gated(pg::call([&] { return IndexGetRelation(relation, true); }), now));
    PG_RETURN_BOOL(!gate::verdict(relation, PG_GETARG_INT16(1), now).gated());
}

/// The same of statistics on several columns or on expressions.
GDPR_FUNCTION(gdpr_extended_statistics_visible) {
    if (!gate::any_rules() || !gate::sight().gated)
        PG_RETURN_BOOL(true);
    const Oid id = PG_GETARG_OID(0);
    const Oid relation = pg::call([&] {
        HeapTuple tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(id));
        if (!HeapTupleIsValid(tuple))
            return InvalidOid;
        const Oid found = reinterpret_cast<Form_pg_statistic_ext>(GETSTRUCT(tuple))->stxrelid;
        ReleaseSysCache(tuple);
        return found;
    });
    PG_RETURN_BOOL(OidIsValid(relation) && !gate::gated(relation, gate::sight()));
}
