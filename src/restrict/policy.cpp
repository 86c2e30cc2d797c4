// Policies, row security settings and guarding triggers: what a relation should have, and has not.
#include "restrict/policy.hpp"

#include "gate/gate.hpp"
#include "pg/pg.hpp"
#include "restrict/restriction.hpp"
#include "subject/owner.hpp"

namespace gdpr::restriction {

namespace {

constexpr const char *restriction_policy = "gdpr_restriction";
constexpr const char *gate_policy = "gdpr_gate";
constexpr const char *gate_predicate = "gdpr.gates_hold()";
constexpr const char *default_policy = "gdpr_default";
constexpr const char *guard_trigger = "gdpr_restriction_guard";
constexpr const char *truncate_trigger = "gdpr_restriction_truncate";

/// The row security of a relation as it is.
struct State {
    struct Policy {
        bool exists = false;
        bool as_wanted = false;
    };
    bool enabled = false, forced = false, partition = false;
    Policy restriction, gate, fallback;
    bool own_policies = false, own_permissive = false;
};

std::string predicate(Oid relation, const std::vector<AttrNumber> &columns) {
    std::string arguments = pg::quote_literal(pg::relation_name(relation)) + "::regclass";
    for (const pg::Column &each : pg::columns_of(relation))
        if (std::find(columns.begin(), columns.end(), each.number) != columns.end())
            arguments += ", " + pg::quote(each.name);
    return "gdpr.permitted(" + arguments + ")";
}

State state_of(Oid relation, const std::string &wanted) {
    State state;
    {
        pg::Relation opened(relation, AccessShareLock);
        state.enabled = opened.get()->rd_rel->relrowsecurity;
        state.forced = opened.get()->rd_rel->relforcerowsecurity;
        state.partition = opened.get()->rd_rel->relispartition;
    }
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT polname, polpermissive, polcmd = '*' AND polroles = '{0}',"
                                  "       pg_catalog.pg_get_expr(polqual, polrelid),"
                                  "       pg_catalog.pg_get_expr(polwithcheck, polrelid)"
                                  "  FROM pg_catalog.pg_policy WHERE polrelid = $1",
                                  {pg::param(OIDOID, ObjectIdGetDatum(relation))});
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const std::string name = rows.text_or(row, 1);
        const bool permissive = rows.boolean(row, 2);
        const auto found = [&](const std::string &qual) {
            return State::Policy{true, permissive == (name == default_policy) && rows.boolean(row, 3) &&
                                           rows.text(row, 4) == qual && rows.text(row, 5) == "true"};
        };
        if (name == restriction_policy)
            state.restriction = found(wanted);
        else if (name == gate_policy)
            state.gate = found(gate_predicate);
        else if (name == default_policy)
            state.fallback = found("true");
        else {
            state.own_policies = true;
            state.own_permissive = state.own_permissive || permissive;
        }
    }
    return state;
}

/// Names the actions of one relation, each once: a partition is planned with its table and by itself, and encryption
/// may have set a policy aside already.
class Plan {
  public:
    Plan(Oid relation, apply::Actions &actions)
        : relation_(relation), name_(pg::relation_name(relation)), actions_(actions) {}

    void enforce(const std::vector<AttrNumber> &columns);
    void close();
    void close_undecided();
    void withdraw();

  private:
    bool sleeps(const State &state);
    void row_security(const State &state, bool force);
    void drop_triggers();
    void add(const char *action, const std::string &statement) {
        const bool planned = std::any_of(actions_.begin(), actions_.end(),
                                         [&](const apply::Action &each) { return each.statement == statement; });
        if (!planned)
            actions_.push_back({relation_, action, statement});
    }
    void create_policy(const char *policy, const char *kind, const std::string &qual, const State::Policy &now);
    void drop_policy(const char *policy) { add("drop policy", std::string("DROP POLICY ") + policy + " ON " + name_); }
    void enforce_trigger(const char *trigger, const std::string &events, bool inherited);

    Oid relation_;
    std::string name_;
    apply::Actions &actions_;
};

void Plan::create_policy(const char *policy, const char *kind, const std::string &qual, const State::Policy &now) {
    if (now.as_wanted)
        return;
    if (now.exists)
        drop_policy(policy);
    // USING alone would also check what is written: storing data of a restricted person stays allowed (Art. 18(2)).
    add("create policy", std::string("CREATE POLICY ") + policy + " ON " + name_ + " AS " + kind +
                             " FOR ALL TO PUBLIC USING (" + qual + ") WITH CHECK (true)");
}

/// Row triggers of a partitioned table are cloned to its partitions; triggers for TRUNCATE are not.
void Plan::enforce_trigger(const char *trigger, const std::string &events, bool inherited) {
    const std::string wanted =
        std::string("TRIGGER ") + trigger + " BEFORE " + events + " EXECUTE FUNCTION gdpr.restriction_guard()";
    pg::Spi spi;
    const pg::Rows now =
        spi.run("SELECT pg_catalog.pg_get_triggerdef(oid) = 'CREATE ' || $3, tgenabled = 'A'"
                "  FROM pg_catalog.pg_trigger WHERE tgrelid = $1 AND tgname = $2",
                {pg::param(OIDOID, ObjectIdGetDatum(relation_)), pg::param(trigger), pg::param(wanted)});
    if (inherited && now.empty())
        return; // comes with the parent's
    const bool exists = inherited || (!now.empty() && now.boolean(0, 1));
    if (!exists)
        add("create restriction trigger", "CREATE OR REPLACE " + wanted);
    if (!exists || !now.boolean(0, 2))
        add("make trigger fire always", "ALTER TABLE " + name_ + " ENABLE ALWAYS TRIGGER " + trigger);
}

/// Has the table policies of its own while row security is off? With ours they would come into force.
bool Plan::sleeps(const State &state) {
    if (state.enabled || !state.own_policies || state.restriction.exists || state.gate.exists)
        return false;
    const std::string enable = "ALTER TABLE " + name_ + " ENABLE ROW LEVEL SECURITY";
    const std::size_t before = actions_.size();
    add("decide on policies", "-- " + enable + ", or drop its policies");
    if (actions_.size() == before)
        return true;
    actions_.back().obstacle = {
        "row security of " + name_ + " is off although it has policies",
        "To keep restricted people and gated columns out of sight row security must be on, and the policies "
        "would come into force with it.",
        "Enable row level security on the table, or drop its policies."};
    return true;
}

void Plan::enforce(const std::vector<AttrNumber> &columns) {
    const std::string wanted = predicate(relation_, columns);
    const State state = state_of(relation_, wanted);
    if (!sleeps(state)) {
        create_policy(restriction_policy, "RESTRICTIVE", wanted, state.restriction);
        // In a session without the library, it raises as well.
        if (state.gate.exists)
            drop_policy(gate_policy);
        row_security(state, true);
    }
    // As pg_get_triggerdef() writes them.
    enforce_trigger(guard_trigger, "DELETE OR UPDATE ON " + name_ + " FOR EACH ROW", state.partition);
    enforce_trigger(truncate_trigger, "TRUNCATE ON " + name_ + " FOR EACH STATEMENT", false);
}

/// Of a table that is nobody's and has gated columns.
void Plan::close() {
    const State state = state_of(relation_, "");
    drop_triggers();
    if (sleeps(state))
        return;
    create_policy(gate_policy, "RESTRICTIVE", gate_predicate, state.gate);
    if (state.restriction.exists)
        drop_policy(restriction_policy);
    // Own policies that were not for the owner are not made to be, unless it is the owner who does not see the columns.
    row_security(state, !state.own_policies || gate::gates_owner(relation_));
}

/// Of a table of which nobody has decided whose it is: its policy of before, if it has one, raises as well.
void Plan::close_undecided() {
    const State state = state_of(relation_, "");
    if (state.restriction.exists || sleeps(state))
        return;
    create_policy(gate_policy, "RESTRICTIVE", gate_predicate, state.gate);
    row_security(state, !state.own_policies || gate::gates_owner(relation_));
}

/// Row security on, with what was visible before as visible as it was.
void Plan::row_security(const State &state, bool force) {
    // Restrictive policies alone show nothing. Where row security was off everyone saw everything, and still should.
    // Where it was on with no policy, nobody did, and nobody should; and ours beside the table's own would open them.
    if (state.own_permissive) {
        if (state.fallback.exists)
            drop_policy(default_policy);
    } else if (state.fallback.exists || !state.enabled)
        create_policy(default_policy, "PERMISSIVE", "true", state.fallback);
    if (!state.enabled)
        add("enable row level security", "ALTER TABLE " + name_ + " ENABLE ROW LEVEL SECURITY");
    if (force && !state.forced)
        add("force row level security", "ALTER TABLE " + name_ + " FORCE ROW LEVEL SECURITY");
}

/// Takes away what enforce() made. Row security goes off only where our own permissive policy says that it was us who
/// switched it on, and no other policy would silently go out of force with it.
void Plan::withdraw() {
    const State state = state_of(relation_, "");
    if (state.restriction.exists)
        drop_policy(restriction_policy);
    if (state.gate.exists)
        drop_policy(gate_policy);
    if (state.fallback.exists)
        drop_policy(default_policy);
    if (state.fallback.exists && !state.own_policies) {
        if (state.enabled)
            add("disable row level security", "ALTER TABLE " + name_ + " DISABLE ROW LEVEL SECURITY");
        if (state.forced)
            add("no longer force row level security", "ALTER TABLE " + name_ + " NO FORCE ROW LEVEL SECURITY");
    }
    drop_triggers();
}

void Plan::drop_triggers() {
    pg::Spi spi;
    const pg::Rows triggers = spi.run(
        "SELECT tgname FROM pg_catalog.pg_trigger WHERE tgrelid = $1 AND tgname IN ($2, $3) AND tgparentid = 0"
        "  AND tgfoid = 'gdpr.restriction_guard()'::pg_catalog.regprocedure ORDER BY 1",
        {pg::param(OIDOID, ObjectIdGetDatum(relation_)), pg::param(guard_trigger), pg::param(truncate_trigger)});
    for (std::uint64_t row = 0; row < triggers.size(); row++)
        add("drop restriction trigger", "DROP TRIGGER " + pg::quote(triggers.text_or(row, 1)) + " ON " + name_);
}

/// The relation and what is below it: policies and settings are not inherited, and each partition can be queried.
std::vector<Oid> with_descendants(Oid relation) {
    std::vector<Oid> all;
    List *found = pg::call([&] { return find_all_inheritors(relation, AccessShareLock, nullptr); });
    ListCell *cell;
    foreach (cell, found)
        all.push_back(lfirst_oid(cell));
    return all;
}

bool can_have_policies(Oid relation) {
    const char kind = pg::call([&] { return get_rel_relkind(relation); });
    return kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE;
}

void plan_one(Oid relation, apply::Actions &actions) {
    if (!can_have_policies(relation))
        return;
    // Rows that are only accessed by a person belong to nobody: no column tells an owner.
    const std::vector<AttrNumber> columns = subject::owner_columns(relation);
    Plan wanted(relation, actions);
    if (!columns.empty())
        wanted.enforce(columns);
    else if (gate::gates_somebody(relation))
        wanted.close();
    else
        wanted.withdraw();
}

} // namespace

void refuse_policy(Oid relation) {
    pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
              "the policy gdpr_restriction of " + pg::relation_name(relation) + " is not what the labels say",
              "It cannot tell whose the rows are.", "CALL gdpr.apply().");
}

void require_decided(Oid node) {
    const std::vector<subject::Undecided> undecided = subject::graph().undecided_above(node);
    if (!undecided.empty())
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, undecided.front().message, undecided.front().detail,
                  undecided.front().hint);
}

std::string predicate(Oid relation) { return predicate(relation, subject::owner_columns(relation)); }

namespace {

/// No policy can say whose the rows are, and no right is granted to whoever may be concerned, until the owner of the
/// table has decided: what is there stays as it is. Gates hold whoever's the rows are.
void plan_undecided(Oid relation, const std::vector<subject::Undecided> &undecided, apply::Actions &actions) {
    for (const subject::Undecided &each : undecided)
        actions.push_back({relation, "decide whose the rows are", "-- " + each.statement, false,
                           apply::Obstacle{each.message, each.detail, each.hint}});
    for (const Oid each : with_descendants(relation))
        if (can_have_policies(each) && gate::gates_somebody(each))
            Plan(each, actions).close_undecided();
}

} // namespace

void plan(Oid relation, apply::Actions &actions) {
    if (const Oid node = subject::node_of(relation); OidIsValid(node))
        if (const std::vector<subject::Undecided> undecided = subject::graph().undecided_above(node);
            !undecided.empty())
            return plan_undecided(relation, undecided, actions);
    for (const Oid each : with_descendants(relation))
        plan_one(each, actions);
}

bool own_policy(std::string_view name) { return name == restriction_policy || name == gate_policy; }

bool fails_closed(Oid relation) {
    pg::Relation opened(relation, AccessShareLock);
    if (!opened.get()->rd_rel->relrowsecurity || opened.get()->rd_rsdesc == nullptr)
        return false;
    ListCell *cell;
    foreach (cell, opened.get()->rd_rsdesc->policies)
        if (own_policy(static_cast<const RowSecurityPolicy *>(lfirst(cell))->policy_name))
            return true;
    return false;
}

std::vector<AttrNumber> policy_columns(::Relation relation) {
    const RowSecurityDesc *security = relation->rd_rsdesc;
    std::vector<AttrNumber> columns;
    ListCell *cell;
    foreach (cell, security != nullptr ? security->policies : NIL) {
        const auto *policy = static_cast<const RowSecurityPolicy *>(lfirst(cell));
        if (std::string_view(policy->policy_name) != restriction_policy || policy->qual == nullptr ||
            !IsA(policy->qual, FuncExpr))
            continue;
        const List *arguments = reinterpret_cast<const FuncExpr *>(policy->qual)->args;
        for (int i = 1; i < list_length(arguments); i++) {
            const auto *argument = static_cast<const Node *>(list_nth(arguments, i));
            if (!IsA(argument, Var))
                break;
            columns.push_back(reinterpret_cast<const Var *>(argument)->varattno);
        }
    }
    return columns;
}

namespace {

std::map<Oid, std::vector<AttrNumber>> *passed = nullptr; // by relation, as long as none changes
bool passed_stale = false;

void relation_changed(Oid) { passed_stale = true; }

} // namespace

const std::vector<AttrNumber> &columns_passed(Oid relation, int count) {
    if (passed == nullptr) {
        passed = new std::map<Oid, std::vector<AttrNumber>>;
        pg::on_relation_change(relation_changed);
    }
    if (std::exchange(passed_stale, false))
        passed->clear();
    if (const auto known = passed->find(relation);
        known != passed->end() && known->second.size() == static_cast<std::size_t>(count))
        return known->second;
    pg::Relation opened(relation, AccessShareLock);
    std::vector<AttrNumber> columns = policy_columns(opened.get());
    if (columns.size() != static_cast<std::size_t>(count))
        refuse_policy(relation);
    return (*passed)[relation] = std::move(columns);
}

} // namespace gdpr::restriction
