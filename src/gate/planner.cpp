// A plan that passed here bears a mark with the number of the sight it was made for, among what would invalidate it; no
// cache has that number, so it never does. The executor looks for the mark, so that a plan that came another way (from
// before the library was there, past a hook that does not call the next, out of a cache that missed a message, from a
// cursor that was opened for other roles) is refused rather than run.
#include "gate/planner.hpp"

#include "gate/closed.hpp"
#include "gate/gate.hpp"
#include "gate/integrity.hpp"
#include "gate/utility.hpp"
#include "pg/pg.hpp"
#include "pg/planning.hpp"
#include "pg/statistics.hpp"

namespace gdpr::gate {

namespace {

planner_hook_type next_planner = nullptr;
ExecutorStart_hook_type next_start = nullptr;
ExecutorRun_hook_type next_run = nullptr;
ExecutorFinish_hook_type next_finish = nullptr;
ExecutorEnd_hook_type next_end = nullptr;
needs_fmgr_hook_type next_needs_fmgr = nullptr;

constexpr int mark_of_ours = -0x67617465;

std::vector<Gated> *notes = nullptr;

bool gated_lately = false; // were the roles of the latest statement?

/// The statement during which the library was loaded, when not before all of them.
TimestampTz loaded_within = 0;

/// Statements of gated roles that are being planned and have passed here.
int planning = 0;
bool in_gated_form = false; // was the innermost of them rewritten?

class Planning {
  public:
    explicit Planning(bool rewritten) noexcept : outside_(std::exchange(in_gated_form, rewritten)) { planning++; }
    ~Planning() {
        planning--;
        in_gated_form = outside_;
    }
    Planning(const Planning &) = delete;
    Planning &operator=(const Planning &) = delete;

  private:
    bool outside_;
};

const Sight *gated_sight() {
    if (!any_rules())
        return nullptr;
    const Sight &now = sight();
    return now.gated ? &now : nullptr;
}

bool touches_gated(const PlannedStmt *plan, const Sight &now) {
    ListCell *cell;
    foreach (cell, plan->rtable)
        if (const auto *entry = lfirst_node(RangeTblEntry, cell);
            OidIsValid(entry->relid) && entry->relid >= FirstNormalObjectId && gated(entry->relid, now))
            return true;
    return false;
}

bool marked(const PlannedStmt *plan, std::uint32_t id) {
    ListCell *cell;
    foreach (cell, plan->invalItems)
        if (const auto *item = lfirst_node(PlanInvalItem, cell); item->cacheId == mark_of_ours)
            return item->hashValue == id;
    return false;
}

/// A worker runs a part of its leader's plan, which bears no marks.
bool misses_gates(const PlannedStmt *plan, const Sight &now) {
    return plan->commandType != CMD_UTILITY && !IsParallelWorker() && !marked(plan, now.id) && touches_gated(plan, now);
}

/// Are there roles that would see another relation than this one?
bool concerns_somebody(Oid relation) {
    if (relation < FirstNormalObjectId)
        return relation == StatisticRelationId || relation == StatisticExtDataRelationId;
    if (const std::optional<bool> known = known_columns(relation); known)
        return *known;
    return pg::boundary([&] { return any_rules() && !columns_of(relation)->empty(); });
}

/// Has a plan made anew for another role, if that may see something else.
void depend_on_role(PlannedStmt *plan) {
    ListCell *cell;
    foreach (cell, plan->dependsOnRole ? NIL : plan->relationOids)
        if (concerns_somebody(lfirst_oid(cell))) {
            plan->dependsOnRole = true;
            return;
        }
}

/// Marks a plan as made for a sight.
void mark(PlannedStmt *plan, const Sight &now) {
    if (now.gated)
        pg::call([&] {
            auto *item = makeNode(PlanInvalItem);
            item->cacheId = mark_of_ours;
            item->hashValue = now.id;
            plan->invalItems = lappend(plan->invalItems, item);
        });
    depend_on_role(plan);
}

/// A query of relations without any column that rules could speak about is left as it is. Writes may probe others by
/// their keys.
bool nothing_to_gate(const Query *query) {
    if (query->commandType != CMD_SELECT || query->hasSubLinks)
        return false;
    ListCell *cell;
    foreach (cell, query->rtable) {
        const auto *entry = lfirst_node(RangeTblEntry, cell);
        if (entry->rtekind == RTE_RELATION ? (entry->relid < FirstNormalObjectId ? concerns_somebody(entry->relid)
                                                                                 : !columns_of(entry->relid)->empty())
                                           : entry->rtekind == RTE_SUBQUERY && !nothing_to_gate(entry->subquery))
            return false;
    }
    foreach (cell, query->cteList)
        if (const auto *with = lfirst_node(CommonTableExpr, cell);
            !IsA(with->ctequery, Query) || !nothing_to_gate(reinterpret_cast<const Query *>(with->ctequery)))
            return false;
    return true;
}

PlannedStmt *plan_statement(Query *query, const char *text, int options, ParamListInfo parameters) {
    const auto next = next_planner != nullptr ? next_planner : standard_planner;
    if (query->hasRowSecurity)
        take_out_policies(query);
    if (surely_free() || !pg::boundary([] { return any_rules(); })) {
        PlannedStmt *plan = next(query, text, options, parameters);
        if (in_use())
            depend_on_role(plan);
        return plan;
    }
    std::uint32_t id = 0;
    bool rewritten = false;
    query = pg::boundary([&] {
        const Sight &now = sight();
        id = now.id;
        // The extension's own statements on people's tables carry out the rights, and answer for what they show.
        const bool own = pg::in_owner_scope() && pg::own_statement(text);
        rewritten = now.gated && !own && !nothing_to_gate(query) && !keeps_integrity(query);
        return rewritten ? rewrite(query, now, notes) : query;
    });
    return pg::boundary([&] {
        const Planning passed(rewritten);
        PlannedStmt *plan = pg::call([&] { return next(query, text, options, parameters); });
        const Sight &now = sight();
        if (now.id == id)
            mark(plan, now);
        return plan;
    });
}

/// SQL functions are inlined after the planner's hook: those of gated sessions stay calls, and their bodies are
/// planned as statements.
bool needs_fmgr(Oid function) {
    if (next_needs_fmgr != nullptr && next_needs_fmgr(function))
        return true;
    if (planning == 0)
        return false;
    return pg::boundary([&] {
        if (!any_rules() || !sight().gated)
            return false;
        return pg::call([&] {
            HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
            if (!HeapTupleIsValid(tuple))
                return false;
            const auto *form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
            const bool inlined = form->prolang == SQLlanguageId && form->proretset;
            ReleaseSysCache(tuple);
            return inlined;
        });
    });
}

// The hooks of the executor, in the way of every statement: what the roles of a session that is not gated pass is
// short, and the rest is out of line.

[[gnu::noinline]] void check_plan(const PlannedStmt *plan) {
    pg::boundary([&] { require_plan_for(plan); });
}

void start(QueryDesc *query, int flags) {
    check_held_cursors();
    if (still_free())
        gated_lately = false;
    else
        check_plan(query->plannedstmt);
    (next_start != nullptr ? next_start : standard_ExecutorStart)(query, flags);
}

#if PG_VERSION_NUM >= 180000
#define GDPR_RUN_ARGUMENTS QueryDesc *query, ScanDirection direction, uint64 count
#define GDPR_RUN_VALUES query, direction, count
#else
#define GDPR_RUN_ARGUMENTS QueryDesc *query, ScanDirection direction, uint64 count, bool once
#define GDPR_RUN_VALUES query, direction, count, once
#endif

[[gnu::noinline]] void run_checked(GDPR_RUN_ARGUMENTS) {
    const auto next = next_run != nullptr ? next_run : standard_ExecutorRun;
    bool hides = false;
    const bool watched = pg::boundary([&] {
        require_plan_for(query->plannedstmt);
        hides = perhaps_gated() && writes_to_gated(query->plannedstmt);
        return perhaps_gated();
    });
    if (!watched)
        next(GDPR_RUN_VALUES);
    else
        with_discreet_errors(hides, [&] { next(GDPR_RUN_VALUES); });
}

void run(GDPR_RUN_ARGUMENTS) {
    // A cursor is fetched from long after it was opened.
    if (!still_free())
        return run_checked(GDPR_RUN_VALUES);
    gated_lately = false;
    (next_run != nullptr ? next_run : standard_ExecutorRun)(GDPR_RUN_VALUES);
}

[[gnu::noinline]] void finish_checked(QueryDesc *query) {
    // What the statement has queued is run here: foreign keys, and constraints that wait for its end.
    const bool hides = pg::boundary([&] { return any_rules() && writes_to_gated(query->plannedstmt); });
    with_discreet_errors(hides, [&] { (next_finish != nullptr ? next_finish : standard_ExecutorFinish)(query); });
}

void finish(QueryDesc *query) {
    if (gated_lately)
        finish_checked(query);
    else
        (next_finish != nullptr ? next_finish : standard_ExecutorFinish)(query);
}

void end(QueryDesc *query) {
    (next_end != nullptr ? next_end : standard_ExecutorEnd)(query);
    // SELECT set_config('role', …) is a statement like others.
    notice_roles();
    check_held_cursors();
}

} // namespace

Notes::Notes() noexcept : outer_(std::exchange(notes, &gated_)) {}
Notes::~Notes() { notes = outer_; }

bool planning_gated() noexcept { return planning > 0; }

bool planning_gated_form() noexcept { return planning > 0 && in_gated_form; }

bool perhaps_gated() noexcept { return gated_lately; }

void require_plan_for(const PlannedStmt *plan) {
    gated_lately = false;
    const Sight *now = gated_sight();
    if (now == nullptr)
        return;
    gated_lately = true;
    if (misses_gates(plan, *now))
        refuse_ungated_plan();
}

bool reads_ungated(const PlannedStmt *plan) {
    const Sight *now = gated_sight();
    return now != nullptr && misses_gates(plan, *now);
}

void refuse_ungated_plan() {
    pg::call([] { ResetPlanCache(); });
    pg::raise(
        ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "a statement was planned before the gates that hold now",
        "It reads columns that this role does not see as they are.",
        "Run it again; open a cursor anew. Where that does not help, another library has taken the planner's hook: "
        "load gdpr last.");
}

void require_gated_plan() {
    if (loaded_within == 0 || loaded_within != GetCurrentStatementStartTimestamp())
        return;
    if (const Sight *now = gated_sight(); now != nullptr)
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "this session has loaded gdpr too late for this statement",
                  "It was planned without the gates that hold for this role.",
                  "Connect again, with gdpr in session_preload_libraries.");
}

void require_gated_planner() {
    if (planning > 0 || surely_free())
        return;
    require_gated_plan();
    if (gated_sight() != nullptr)
        refuse_ungated_plan();
}

void init_planner() {
    if (pg::call([] { return IsTransactionState(); }) && !InitializingParallelWorker)
        loaded_within = GetCurrentStatementStartTimestamp();
    next_planner = planner_hook;
    planner_hook = plan_statement;
    next_start = ExecutorStart_hook;
    ExecutorStart_hook = start;
    next_run = ExecutorRun_hook;
    ExecutorRun_hook = run;
    next_finish = ExecutorFinish_hook;
    ExecutorFinish_hook = finish;
    next_end = ExecutorEnd_hook;
    ExecutorEnd_hook = end;
    next_needs_fmgr = needs_fmgr_hook;
    needs_fmgr_hook = needs_fmgr;
}

} // namespace gdpr::gate
