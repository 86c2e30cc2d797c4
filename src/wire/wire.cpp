#include "wire/wire.hpp"

#include "encrypted/literal.hpp"
#include "pg/pg.hpp"

namespace gdpr::wire {

namespace {

post_parse_analyze_hook_type next_post_parse_analyze = nullptr;
planner_hook_type next_planner = nullptr;

// How deep in utility commands we are, and the innermost of them, whose statements may count as the client's.
int utility_depth = 0;
const pg::Utility *innermost = nullptr;

const char *admitted_source();

/// Only the pointer tells the client's statement from one of PL/pgSQL, SPI, a trigger or an SQL function. There is none
/// to compare with when a Describe message has a prepared statement analysed anew, nor in a function that is called by
/// fastpath; but whatever runs statements within a function tells errors their context.
bool is_clients_own(const ParseState *state) {
    if (state->p_sourcetext == nullptr)
        return false;
    if (utility_depth == 0 && debug_query_string == nullptr)
        return error_context_stack == nullptr && MyBackendType == B_BACKEND;
    return state->p_sourcetext == (utility_depth == 0 ? debug_query_string : admitted_source());
}

/// What a utility command of the client returns rows of.
Query *inner_query(Node *utility) {
    Node *inner = nullptr;
    if (IsA(utility, DeclareCursorStmt))
        inner = castNode(DeclareCursorStmt, utility)->query;
    else if (IsA(utility, ExplainStmt))
        inner = castNode(ExplainStmt, utility)->query;
    return inner != nullptr && IsA(inner, Query) && castNode(Query, inner)->commandType != CMD_UTILITY
               ? castNode(Query, inner)
               : nullptr;
}

/// Is any result column of a type that PostgreSQL does not bring along, or a row?
bool perhaps_encrypted(const Query *query) {
    ListCell *cell;
    foreach (cell, query->commandType == CMD_SELECT ? query->targetList : query->returningList) {
        const Oid type = exprType(reinterpret_cast<const Node *>(lfirst_node(TargetEntry, cell)->expr));
        if (type >= FirstNormalObjectId || type == RECORDOID)
            return true;
    }
    return false;
}

void post_parse_analyze(ParseState *state, Query *query, JumbleState *jumble) {
    if (next_post_parse_analyze != nullptr)
        next_post_parse_analyze(state, query, jumble);
    if (!is_clients_own(state))
        return;
    Query *target = query->commandType == CMD_UTILITY ? inner_query(query->utilityStmt) : query;
    if (target == nullptr)
        return;
    retype_parameters(state, target);
    // A dump reads ciphertext.
    if (perhaps_encrypted(target) && !encrypted::output_is_ciphertext())
        retype_results(state, target);
}

/// A cursor that a function opens may be handed to the client, who then fetches from it: only cursors are planned for a
/// fast start. Inside the function its rows bear the plain types too, as they did before the columns were encrypted.
PlannedStmt *plan(Query *query, const char *text, int options, ParamListInfo parameters) {
    if ((options & CURSOR_OPT_FAST_PLAN) != 0 && query->commandType != CMD_UTILITY &&
        !encrypted::output_is_ciphertext())
        retype_results(nullptr, query);
    return (next_planner != nullptr ? next_planner : standard_planner)(query, text, options, parameters);
}

/// The command within EXPLAIN or CREATE TABLE AS; null where that is a query.
Node *inner_utility(Node *utility) {
    Node *query = nullptr;
    if (IsA(utility, ExplainStmt))
        query = castNode(ExplainStmt, utility)->query;
    else if (IsA(utility, CreateTableAsStmt))
        query = castNode(CreateTableAsStmt, utility)->query;
    return query != nullptr && IsA(query, Query) ? castNode(Query, query)->utilityStmt : nullptr;
}

const PreparedStatement *executed(Node *utility) {
    return utility != nullptr && IsA(utility, ExecuteStmt)
               ? FetchPreparedStatement(castNode(ExecuteStmt, utility)->name, false)
               : nullptr;
}

/// The text of a statement that PREPARE or EXECUTE analyses as if the client had sent it; else nothing.
const char *admitted_source() {
    Node *utility = innermost->statement();
    if (IsA(utility, PrepareStmt))
        return innermost->text;
    const PreparedStatement *prepared = executed(IsA(utility, ExplainStmt) ? inner_utility(utility) : utility);
    return prepared != nullptr ? prepared->plansource->query_string : nullptr;
}

/// CREATE TABLE … AS EXECUTE would store the plaintext that the statement was prepared to send.
void refuse_plain_copy(Node *utility) {
    if (IsA(utility, ExplainStmt))
        utility = inner_utility(utility);
    if (utility == nullptr || !IsA(utility, CreateTableAsStmt))
        return;
    const PreparedStatement *prepared = executed(inner_utility(utility));
    if (prepared == nullptr || prepared->plansource->query_list == NIL ||
        !was_retyped(linitial_node(Query, prepared->plansource->query_list)))
        return;
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("cannot store the result of a prepared statement that returns encrypted columns"),
                    errdetail("The table would hold their plaintext."),
                    errhint("Write the query itself: CREATE TABLE ... AS SELECT ...")));
}

/// In the way of every EXECUTE, so it is plain C in style.
void process_utility(pg::Utility &command) {
    refuse_plain_copy(command.statement());
    const pg::Utility *const outer = innermost;
    innermost = &command;
    utility_depth++;
    PG_TRY();
    { command.proceed(); }
    PG_FINALLY();
    {
        utility_depth--;
        innermost = outer;
    }
    PG_END_TRY();
}

} // namespace

void init() {
    next_post_parse_analyze = post_parse_analyze_hook;
    post_parse_analyze_hook = post_parse_analyze;
    next_planner = planner_hook;
    planner_hook = plan;
    init_return_query();
    // All that may have statements analysed, or run.
    pg::on_utility_except({T_TransactionStmt, T_VariableSetStmt, T_VariableShowStmt, T_FetchStmt, T_ClosePortalStmt,
                           T_LockStmt, T_DeallocateStmt, T_ListenStmt, T_UnlistenStmt, T_NotifyStmt},
                          process_utility);
}

} // namespace gdpr::wire
