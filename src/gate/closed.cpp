#include "gate/closed.hpp"

#include "gate/columns.hpp"
#include "gate/gate.hpp"
#include "gate/planner.hpp"
#include "label/label.hpp"
#include "pg/function.hpp"
#include "pg/pg.hpp"
#include "pg/tree.hpp"
#include "restrict/policy.hpp"

namespace gdpr::gate {

namespace {

pg::OwnFunction predicate("gates_hold");

/// A call of it, as apply() writes it.
bool own_condition(const Node *node) {
    return node != nullptr && IsA(node, FuncExpr) &&
           reinterpret_cast<const FuncExpr *>(node)->funcid == predicate.found();
}

bool constant_true(const Node *node) {
    const auto *constant = reinterpret_cast<const Const *>(node);
    return IsA(node, Const) && constant->consttype == BOOLOID && !constant->constisnull &&
           DatumGetBool(constant->constvalue);
}

/// Conditions that say nothing are no barrier either: where only such are left, none is.
List *without_own(List *conditions, bool *any) {
    List *left = NIL;
    bool found = false, says_something = false;
    ListCell *cell;
    foreach (cell, conditions) {
        auto *each = static_cast<Node *>(lfirst(cell));
        if (own_condition(each)) {
            found = true;
            continue;
        }
        left = lappend(left, each);
        says_something = says_something || !constant_true(each);
    }
    *any = *any || found;
    return !found ? conditions : says_something ? left : NIL;
}

bool take_out(Node *node, bool *left);

/// Where no other policy is left, there is none for the planner to mind.
void take_out(Query *query, bool *left) {
    bool left_here = false, found = false, checks = false;
    ListCell *cell;
    foreach (cell, query->rtable) {
        auto *entry = lfirst_node(RangeTblEntry, cell);
        entry->securityQuals = without_own(entry->securityQuals, &found);
        left_here = left_here || entry->securityQuals != NIL;
        if (entry->rtekind == RTE_SUBQUERY)
            take_out(entry->subquery, &left_here);
    }
    foreach (cell, query->withCheckOptions) {
        const Node *qual = lfirst_node(WithCheckOption, cell)->qual;
        if (own_condition(qual))
            query->withCheckOptions = foreach_delete_current(query->withCheckOptions, cell);
        else
            checks = checks || qual == nullptr || !constant_true(qual);
    }
    // What the policy lets be stored is everything: each row that is would be told so.
    if (found && !left_here && !checks)
        query->withCheckOptions = NIL;
    foreach (cell, query->cteList)
        (void)take_out(lfirst_node(CommonTableExpr, cell)->ctequery, &left_here);
    if (query->hasSubLinks)
        (void)query_tree_walker(query, pg::walker(static_cast<bool (*)(Node *, bool *)>(take_out)), &left_here,
                                QTW_IGNORE_RT_SUBQUERIES | QTW_IGNORE_CTE_SUBQUERIES);
    query->hasRowSecurity = query->hasRowSecurity && (left_here || query->withCheckOptions != NIL);
    *left = *left || query->hasRowSecurity;
}

bool take_out(Node *node, bool *left) {
    if (node == nullptr)
        return false;
    if (!IsA(node, Query))
        return expression_tree_walker(node, pg::walker(static_cast<bool (*)(Node *, bool *)>(take_out)), left);
    take_out(reinterpret_cast<Query *>(node), left);
    return false;
}

bool can_have_policies(Oid relation) {
    const char kind = pg::call([&] { return get_rel_relkind(relation); });
    return kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE;
}

} // namespace

void take_out_policies(Query *statement) {
    bool left = false;
    if (OidIsValid(predicate.id()))
        take_out(statement, &left);
}

bool gates_somebody(Oid relation) {
    const bool readable = any_rules();
    if (!in_use() || columns_of(relation)->empty())
        return false;
    if (!readable)
        return true;
    const std::set<std::string> all = channels();
    return std::any_of(all.begin(), all.end(),
                       [&](const std::string &each) { return gated(relation, sight_in(each)); });
}

bool gates_owner(Oid relation) { return any_rules() && gated(relation, sight_of_role(pg::relation_owner(relation))); }

namespace {

/// Adds what foreign keys lead from, to any of the relations.
void add_followers(std::set<Oid> &relations) {
    pg::Spi spi;
    const pg::Rows keys =
        spi.run("SELECT DISTINCT conrelid, confrelid FROM pg_catalog.pg_constraint WHERE contype = 'f'");
    for (bool more = true; std::exchange(more, false);)
        for (std::uint64_t row = 0; row < keys.size(); row++)
            if (relations.contains(keys.oid(row, 2)))
                more = relations.insert(keys.oid(row, 1)).second || more;
}

} // namespace

std::vector<Oid> gated_relations() {
    if (!any_rules() && !in_use())
        return {};
    std::set<Oid> named = relations_named();
    for (const Oid each : label::labelled_relations())
        named.insert(each);
    // With their families, each asked for once; and what follows by a foreign key, which may point to any of them.
    std::set<Oid> members;
    const auto add = [&](const std::set<Oid> &relations) {
        std::vector<Oid> waiting(relations.begin(), relations.end());
        while (!waiting.empty()) {
            const Oid each = waiting.back();
            waiting.pop_back();
            if (!pg::relation_exists(each) || !members.insert(each).second)
                continue;
            for (const Oid member : family_of(each))
                waiting.push_back(member);
        }
    };
    add(named);
    std::set<Oid> followed = members;
    add_followers(followed);
    add(followed);
    std::map<std::string, Oid> found;
    for (const Oid each : members)
        // The extension's own tables are no business of apply(): what they keep of people is encrypted, which fails
        // closed.
        if (pg::call([&] { return get_rel_namespace(each); }) != pg::gdpr_schema() && gates_somebody(each))
            found.emplace(pg::relation_name(each), each);
    std::vector<Oid> out;
    out.reserve(found.size());
    for (const auto &[name, relation] : found)
        out.push_back(relation);
    return out;
}

void warn_of_open_tables(const std::string &channel) {
    constexpr std::size_t most = 10;
    std::string names;
    std::size_t count = 0;
    for (const Oid each : gated_relations())
        if (can_have_policies(each) && gated(each, sight_in(channel)) && !restriction::fails_closed(each) &&
            ++count <= most)
            names += (names.empty() ? "" : ", ") + pg::relation_name(each);
    if (count == 0)
        return;
    if (count > most)
        names += " and " + std::to_string(count - most) + " more";
    pg::call([&] {
        ereport(WARNING,
                (errmsg("gates do not hold yet in sessions that have not loaded gdpr"),
                 errdetail("Such a session would read %s as it is.", names.c_str()), errhint("CALL gdpr.apply().")));
    });
}

} // namespace gdpr::gate

using namespace gdpr;

/// In a plan that passed the gates there is no call of it.
GDPR_FUNCTION(gdpr_gates_hold) {
    gate::require_gated_plan();
    if (gate::any_rules() && gate::sight().gated)
        gate::refuse_ungated_plan();
    PG_RETURN_BOOL(true);
}

/// The planner asks what it costs, in whatever session: EXPLAIN and estimates are refused with it.
GDPR_FUNCTION(gdpr_gates_hold_support) {
    auto *request = reinterpret_cast<Node *>(PG_GETARG_POINTER(0));
    gate::require_gated_planner();
    if (IsA(request, SupportRequestSelectivity)) {
        reinterpret_cast<SupportRequestSelectivity *>(request)->selectivity = 1.0;
        PG_RETURN_POINTER(request);
    }
    PG_RETURN_POINTER(pg::answer_cost(request) ? request : nullptr);
}
