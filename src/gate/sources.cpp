// What is stored must be what it looks like, and must not tell of what is not seen. Found before anything is replaced:
// afterwards INSERT … SELECT would silently store nulls.
#include "gate/sources.hpp"

#include "pg/pg.hpp"
#include "pg/planning.hpp"

namespace gdpr::gate {

namespace {

[[noreturn]] void refuse_source(Oid relation, const Verdict &verdict) {
    pg::raise(ERRCODE_INSUFFICIENT_PRIVILEGE,
              "a gated column of " + pg::relation_name(relation) + " cannot be the source of what is stored",
              "The gate of this role's channel says: " + verdict.rule + ".",
              "What would be stored is not the value. Let a role copy it that may see it.");
}

void refuse_probing_by(const Query &query, const Sight &sight) {
    const auto *target = rt_fetch(query.resultRelation, query.rtable);
    if (target->rtekind != RTE_RELATION)
        return;
    std::set<AttrNumber> written;
    const auto add = [&](List *list) {
        ListCell *cell;
        foreach (cell, list)
            if (const auto *each = lfirst_node(TargetEntry, cell);
                !each->resjunk && !(IsA(each->expr, Const) && reinterpret_cast<const Const *>(each->expr)->constisnull))
                written.insert(each->resno);
    };
    add(query.targetList);
    ListCell *cell;
    foreach (cell, query.mergeActionList)
        add(lfirst_node(MergeAction, cell)->targetList);
    if (query.onConflict != nullptr)
        add(query.onConflict->onConflictSet);
    refuse_probing(target->relid, written, sight);
}

/// Raises where a write takes its values from gated columns.
void refuse_sources(const Query &query, const Levels &levels, const Sight &sight) {
    const auto check = [&](const List *targets) {
        ListCell *cell;
        foreach (cell, targets) {
            const auto *target = lfirst_node(TargetEntry, cell);
            // What the executor needs to find the row again is no source; a row of columns for SET (a, b) = (…) is.
            if (target->resjunk && !IsA(target->expr, SubLink))
                continue;
            trace(reinterpret_cast<const Node *>(target->expr), levels, [&](Oid relation, AttrNumber column) {
                if (const Verdict found = verdict(relation, column, sight); found.gated())
                    refuse_source(relation, found);
            });
        }
    };
    check(query.targetList);
    ListCell *cell;
    foreach (cell, query.mergeActionList)
        check(lfirst_node(MergeAction, cell)->targetList);
}

/// The same of ON CONFLICT, where EXCLUDED is of the same relation and no source.
void refuse_conflict_sources(const Query &query, const Levels &levels, const Sight &sight) {
    Query *without = pg::call([&] {
        auto *copy = makeNode(Query);
        *copy = query;
        copy->rtable = list_copy(query.rtable);
        auto *nothing = makeNode(RangeTblEntry);
        nothing->rtekind = RTE_RESULT;
        lfirst(list_nth_cell(copy->rtable, query.onConflict->exclRelIndex - 1)) = nothing;
        return copy;
    });
    Levels around(levels);
    around.back() = without;
    ListCell *cell;
    foreach (cell, query.onConflict->onConflictSet)
        trace(reinterpret_cast<const Node *>(lfirst_node(TargetEntry, cell)->expr), around,
              [&](Oid relation, AttrNumber column) {
                  if (const Verdict found = verdict(relation, column, sight); found.gated())
                      refuse_source(relation, found);
              });
}

} // namespace

void refuse_writing(const Query &query, const Levels &levels, const Sight &sight) {
    refuse_sources(query, levels, sight);
    if (query.onConflict != nullptr)
        refuse_conflict_sources(query, levels, sight);
    refuse_probing_by(query, sight);
}

void refuse_probing(Oid target, const std::set<AttrNumber> &written, const Sight &sight) {
    if (written.empty())
        return;
    const pg::Relation relation(target, AccessShareLock);
    List *keys = pg::call([&] { return RelationGetFKeyList(relation.get()); });
    ListCell *cell;
    foreach (cell, keys) {
        const auto *key = static_cast<const ForeignKeyCacheInfo *>(lfirst(cell));
        for (int i = 0; i < key->nkeys; i++)
            if (const Verdict found = verdict(key->confrelid, key->confkey[i], sight);
                written.contains(key->conkey[i]) && found.gated())
                pg::raise(
                    ERRCODE_INSUFFICIENT_PRIVILEGE,
                    "a foreign key to a gated column of " + pg::relation_name(key->confrelid) + " cannot be written",
                    "It would tell whether a value is there. The gate of this role's channel says: " + found.rule + ".",
                    "Let a role write it that may see it.");
    }
}

void refuse_stored(const Query *query, const Sight &sight) {
    trace_output(query, 0, {}, [&](Oid relation, AttrNumber column) {
        if (const Verdict found = verdict(relation, column, sight); found.gated())
            refuse_source(relation, found);
    });
}

} // namespace gdpr::gate
