#include "encrypted/rewrite.hpp"

#include "encrypted/encrypted.hpp"
#include "pg/pg.hpp"
#include "pg/tree.hpp"

namespace gdpr::encrypted {

namespace {

planner_hook_type next_planner = nullptr;

struct Walk {
    List *queries; // innermost first
};

bool walk(Node *node, Walk *context) {
    if (node == nullptr)
        return false;
    if (IsA(node, Query)) {
        auto *query = castNode(Query, node);
        seal_anew(query);
        use_index_for_extremes(query);
        Walk inner{lcons(query, context->queries)};
        return query_tree_walker(query, pg::walker(walk), &inner, 0);
    }
    if (IsA(node, OpExpr))
        use_encrypted_operator(castNode(OpExpr, node), context->queries);
    else if (IsA(node, ScalarArrayOpExpr)) {
        auto *search = castNode(ScalarArrayOpExpr, node);
        set_sa_opfuncid(search);
        use_operator_behind(search);
        use_encrypted_operator(search, context->queries);
    }
    return expression_tree_walker(node, pg::walker(walk), context);
}

/// The planner owns its input and changes it too.
PlannedStmt *plan(Query *query, const char *text, int options, ParamListInfo parameters) {
    Walk context{NIL};
    (void)walk(reinterpret_cast<Node *>(query), &context);
    return (next_planner != nullptr ? next_planner : standard_planner)(query, text, options, parameters);
}

} // namespace

void init_rewriting() {
    next_planner = planner_hook;
    planner_hook = plan;
}

} // namespace gdpr::encrypted
