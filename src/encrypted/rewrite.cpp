#include "encrypted/rewrite.hpp"

#include "encrypted/encrypted.hpp"
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
    } else if (IsA(node, OpExpr))
        use_encrypted_operator(castNode(OpExpr, node), context->query);
    else if (IsA(node, ScalarArrayOpExpr)) {
        auto *search = castNode(ScalarArrayOpExpr, node);
        set_sa_opfuncid(search);
        use_operator_behind(search);
        use_encrypted_operator(search, context->query);
    }
    return expression_tree_walker(node, pg::walker(walk), context);
}

/// The planner owns its input and changes it too.
PlannedStmt *plan(Query *query, const char *text, int options, ParamListInfo parameters) {
    if (OidIsValid(get_namespace_oid("gdpr", true))) {
        Walk context{nullptr};
        (void)walk(reinterpret_cast<Node *>(query), &context);
    }
    return (next_planner != nullptr ? next_planner : standard_planner)(query, text, options, parameters);
}

} // namespace

void init_rewriting() {
    next_planner = planner_hook;
    planner_hook = plan;
}

} // namespace gdpr::encrypted
