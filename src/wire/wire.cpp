#include "wire/wire.hpp"

#include "encrypted/literal.hpp"
#include "pg/pg.hpp"

namespace gdpr::wire {

namespace {

post_parse_analyze_hook_type next_post_parse_analyze = nullptr;
ProcessUtility_hook_type next_process_utility = nullptr;
planner_hook_type next_planner = nullptr;

// How deep in utility commands we are, and the text whose statements count as the client's within the innermost.
int utility_depth = 0;
const char *admitted_source = nullptr;

/// Restores what a utility command changed, however it ends.
class Utility {
  public:
    explicit Utility(const char *admitted) noexcept : source_(admitted_source) {
        utility_depth++;
        admitted_source = admitted;
    }
    ~Utility() {
        utility_depth--;
        admitted_source = source_;
    }
    Utility(const Utility &) = delete;
    Utility &operator=(const Utility &) = delete;

  private:
    const char *source_;
};

/// Only the pointer tells the client's statement from one of PL/pgSQL, SPI, a trigger or an SQL function. There is none
/// to compare with when a Describe message has a prepared statement analysed anew, nor in a function that is called by
/// fastpath; but whatever runs statements within a function tells errors their context.
bool is_clients_own(const ParseState *state) {
    if (state->p_sourcetext == nullptr)
        return false;
    if (utility_depth == 0 && debug_query_string == nullptr)
        return error_context_stack == nullptr && MyBackendType == B_BACKEND;
    return state->p_sourcetext == (utility_depth == 0 ? debug_query_string : admitted_source);
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

/// The text of a statement that PREPARE or EXECUTE will analyse as if the client had sent it; else nothing.
const char *admitted_by(Node *utility, const char *text) {
    if (IsA(utility, PrepareStmt))
        return text;
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

void process_utility(PlannedStmt *planned, const char *text, bool read_only, ProcessUtilityContext context,
                     ParamListInfo parameters, QueryEnvironment *environment, DestReceiver *destination,
                     QueryCompletion *completion) {
    pg::boundary([&] {
        pg::call([&] { refuse_plain_copy(planned->utilityStmt); });
        const Utility utility(pg::call([&] { return admitted_by(planned->utilityStmt, text); }));
        pg::call([&] {
            (next_process_utility != nullptr ? next_process_utility : standard_ProcessUtility)(
                planned, text, read_only, context, parameters, environment, destination, completion);
        });
    });
}

} // namespace

void init() {
    next_post_parse_analyze = post_parse_analyze_hook;
    post_parse_analyze_hook = post_parse_analyze;
    next_planner = planner_hook;
    planner_hook = plan;
    next_process_utility = ProcessUtility_hook;
    ProcessUtility_hook = process_utility;
    init_return_query();
}

} // namespace gdpr::wire
