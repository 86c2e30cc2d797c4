#include "gate/trace.hpp"

#include "pg/pg.hpp"
#include "pg/tree.hpp"

namespace gdpr::gate {

namespace {

struct Trace {
    Levels levels;
    const std::function<void(Oid, AttrNumber)> &visit;
    // WITH RECURSIVE reads itself.
    std::set<std::pair<const Query *, int>> &seen;
};

bool walk(Node *node, Trace *trace);

/// As PostgreSQL's walker calls it.
bool walk_below(Node *node, Trace *trace) {
    return pg::boundary([&] { return walk(node, trace); });
}

void output(const Query *query, int column, Trace &around) {
    if (query == nullptr || !around.seen.insert({query, column}).second)
        return;
    Trace inside{around.levels, around.visit, around.seen};
    inside.levels.push_back(query);
    const List *targets = query->commandType == CMD_SELECT ? query->targetList : query->returningList;
    ListCell *cell;
    if (query->setOperations != nullptr) {
        foreach (cell, query->rtable)
            if (const auto *arm = lfirst_node(RangeTblEntry, cell); arm->rtekind == RTE_SUBQUERY)
                output(arm->subquery, column, inside);
        return;
    }
    foreach (cell, targets) {
        const auto *target = lfirst_node(TargetEntry, cell);
        if (!target->resjunk && (column == 0 || target->resno == column))
            (void)walk(reinterpret_cast<Node *>(target->expr), &inside);
    }
}

const Query *with_query(const Levels &levels, const RangeTblEntry *entry, std::size_t *level) {
    if (entry->ctelevelsup >= levels.size())
        return nullptr;
    *level = levels.size() - 1 - entry->ctelevelsup;
    ListCell *cell;
    foreach (cell, levels[*level]->cteList) {
        const auto *with = lfirst_node(CommonTableExpr, cell);
        if (std::strcmp(with->ctename, entry->ctename) == 0 && IsA(with->ctequery, Query))
            return reinterpret_cast<const Query *>(with->ctequery);
    }
    return nullptr;
}

void variable(const Var *var, Trace &trace) {
    if (var->varlevelsup >= trace.levels.size() || IS_SPECIAL_VARNO(var->varno))
        return;
    const std::size_t level = trace.levels.size() - 1 - var->varlevelsup;
    const Query *query = trace.levels[level];
    if (var->varno <= 0 || static_cast<int>(var->varno) > list_length(query->rtable))
        return;
    auto *entry = rt_fetch(var->varno, query->rtable);
    Trace there{Levels(trace.levels.begin(), trace.levels.begin() + static_cast<std::ptrdiff_t>(level) + 1),
                trace.visit, trace.seen};
    switch (entry->rtekind) {
    case RTE_RELATION:
        trace.visit(entry->relid, var->varattno);
        break;
    case RTE_SUBQUERY:
        output(entry->subquery, std::max<int>(var->varattno, 0), there);
        break;
    case RTE_CTE: {
        std::size_t with_level = 0;
        if (const Query *with = with_query(there.levels, entry, &with_level); with != nullptr) {
            there.levels.resize(with_level + 1);
            output(with, std::max<int>(var->varattno, 0), there);
        }
        break;
    }
    case RTE_JOIN:
        if (var->varattno > 0 && var->varattno <= list_length(entry->joinaliasvars))
            (void)walk(static_cast<Node *>(list_nth(entry->joinaliasvars, var->varattno - 1)), &there);
        else
            (void)walk(reinterpret_cast<Node *>(entry->joinaliasvars), &there);
        break;
    // What a function makes of its arguments, and every row of VALUES.
    case RTE_FUNCTION:
        (void)walk(reinterpret_cast<Node *>(entry->functions), &there);
        break;
    case RTE_TABLEFUNC:
        (void)walk(reinterpret_cast<Node *>(entry->tablefunc), &there);
        break;
    case RTE_VALUES:
        (void)walk(reinterpret_cast<Node *>(entry->values_lists), &there);
        break;
#if PG_VERSION_NUM >= 180000
    case RTE_GROUP:
        if (var->varattno > 0 && var->varattno <= list_length(entry->groupexprs))
            (void)walk(static_cast<Node *>(list_nth(entry->groupexprs, var->varattno - 1)), &there);
        break;
#endif
    default:
        break;
    }
}

/// What a window function returns tells of the order of its window.
void window(const WindowFunc *function, Trace *trace) {
    const Query *query = trace->levels.back();
    ListCell *cell;
    foreach (cell, query->windowClause) {
        const auto *clause = lfirst_node(WindowClause, cell);
        if (clause->winref != function->winref)
            continue;
        for (List *keys : {clause->partitionClause, clause->orderClause}) {
            ListCell *key;
            foreach (key, keys)
                (void)walk(pg::call([&] {
                               return get_sortgroupclause_expr(lfirst_node(SortGroupClause, key), query->targetList);
                           }),
                           trace);
        }
    }
}

bool walk(Node *node, Trace *trace) {
    if (node == nullptr)
        return false;
    if (IsA(node, Var)) {
        variable(reinterpret_cast<Var *>(node), *trace);
        return false;
    }
    if (IsA(node, SubLink)) {
        const auto *link = reinterpret_cast<SubLink *>(node);
        (void)walk(link->testexpr, trace);
        if (link->subLinkType != EXISTS_SUBLINK && IsA(link->subselect, Query))
            output(reinterpret_cast<Query *>(link->subselect), 0, *trace);
        return false;
    }
    if (IsA(node, Query))
        return false;
    if (IsA(node, WindowFunc))
        window(reinterpret_cast<WindowFunc *>(node), trace);
    return pg::call([&] { return expression_tree_walker(node, pg::walker(walk_below), trace); });
}

} // namespace

void trace(const Node *expression, const Levels &levels, const std::function<void(Oid, AttrNumber)> &visit) {
    std::set<std::pair<const Query *, int>> seen;
    Trace start{levels, visit, seen};
    (void)walk(const_cast<Node *>(expression), &start);
}

void trace_output(const Query *query, int column, const Levels &around,
                  const std::function<void(Oid, AttrNumber)> &visit) {
    std::set<std::pair<const Query *, int>> seen;
    Trace start{around, visit, seen};
    output(query, column, start);
}

namespace {

std::function<void(Oid, AttrNumber)> strictest_into(Verdict &out, const Sight &sight) {
    return [&](Oid relation, AttrNumber column) {
        if (column < 0)
            return;
        if (Verdict each = verdict(relation, column, sight); each.action > out.action)
            out = std::move(each);
    };
}

} // namespace

Verdict flowing(const Node *expression, const Levels &levels, const Sight &sight) {
    Verdict out;
    trace(expression, levels, strictest_into(out, sight));
    return out;
}

Verdict flowing_out(const Query *query, int column, const Levels &around, const Sight &sight) {
    Verdict out;
    trace_output(query, column, around, strictest_into(out, sight));
    return out;
}

} // namespace gdpr::gate
