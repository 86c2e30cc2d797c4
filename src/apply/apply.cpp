// plan(): what is declared but not enforced. apply(): enforces it, in one transaction.
#include "apply/action.hpp"
#include "apply/plaintext.hpp"
#include "apply/unlabelled.hpp"
#include "audit/audit.hpp"
#include "consent/consent.hpp"
#include "gate/gate.hpp"
#include "label/label.hpp"
#include "pg/pg.hpp"
#include "restrict/restriction.hpp"
#include "rights/rights.hpp"
#include "subject/graph.hpp"

namespace gdpr::apply {

namespace {

/// Every relation where something is declared, or still enforced though no longer declared.
std::vector<Oid> relations() {
    std::set<Oid> all;
    for (const Oid labelled : label::labelled_relations())
        all.insert(labelled);
    for (const subject::Node &node : subject::nodes())
        all.insert(node.id);
    for (const Oid gated : gate::gated_relations())
        all.insert(gated);
    pg::Spi spi;
    const pg::Rows enforced = spi.run(
        "SELECT t.tgrelid FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid"
        "  JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid"
        " WHERE p.pronamespace = 'gdpr'::pg_catalog.regnamespace AND t.tgparentid = 0"
        "   AND c.relnamespace <> 'gdpr'::pg_catalog.regnamespace"
        " UNION SELECT polrelid FROM pg_catalog.pg_policy WHERE polname IN ('gdpr_restriction', 'gdpr_gate', 'gdpr_default')"
        " UNION SELECT a.attrelid FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
        "  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
        "   AND t.typnamespace = 'gdpr'::pg_catalog.regnamespace AND c.relnamespace <> 'gdpr'::pg_catalog.regnamespace");
    for (std::uint64_t row = 0; row < enforced.size(); row++)
        all.insert(enforced.oid(row, 1));
    std::map<std::string, Oid> by_name;
    for (const Oid each : all)
        by_name.emplace(pg::relation_name(each), each);
    std::vector<Oid> out;
    out.reserve(by_name.size());
    for (const auto &[name, relation] : by_name)
        out.push_back(relation);
    return out;
}

void check_names(Oid relation) {
    const label::Labels labels = label::of(relation);
    if (!labels.table)
        return;
    const auto check = [&](const std::string &column, const char *word) {
        if (pg::call([&] { return get_attnum(relation, column.c_str()); }) == InvalidAttrNumber)
            pg::raise(ERRCODE_UNDEFINED_COLUMN,
                      "column " + pg::quote(column) + " of " + pg::relation_name(relation) + " does not exist",
                      std::string("The table's label names it in ") + word + "(…).", "Correct the label.");
    };
    if (labels.table->keep)
        check(labels.table->keep->column, "keep");
    if (labels.table->expires)
        check(*labels.table->expires, "expires");
}

/// Expressions that the catalogs deparse must mean the same in any session that runs the plan. And the catalogs of a
/// large database are no reason to compile each question to them.
void pin_settings() {
    pg::call([] {
        (void)set_config_option("jit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
        (void)set_config_option("datestyle", "ISO, YMD", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
        (void)set_config_option("intervalstyle", "postgres", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                                false);
    });
}

/// The next ALTER TABLE is one of plan().
bool own_alter = false;

/// Says so for one statement, whether or not it gets as far.
struct OwnAlter {
    explicit OwnAlter(const std::string &statement) noexcept { own_alter = statement.starts_with("ALTER TABLE "); }
    ~OwnAlter() { own_alter = false; }
    OwnAlter(const OwnAlter &) = delete;
    OwnAlter &operator=(const OwnAlter &) = delete;
};

void run(const Actions &actions) {
    for (const Action &each : actions) {
        const pg::OwnerScope scope(each.as_table_owner ? each.relation : pg::gdpr_relation("key"));
        // A function that is emptied for a moment need not return what it declares.
        pg::call([] {
            (void)set_config_option("check_function_bodies", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
                                    0, false);
        });
        pg::Spi spi;
        const OwnAlter own(each.statement);
        (void)spi.run(each.statement);
    }
}

/// Takes out what cannot be done before an owner has decided; of one table, that is an error.
void set_aside(Actions &actions, bool one_table, std::map<std::string, Obstacle> &aside) {
    for (const Action &each : actions)
        if (each.obstacle) {
            if (one_table)
                pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, each.obstacle->message, each.obstacle->detail,
                          each.obstacle->hint);
            aside.emplace(each.obstacle->message, *each.obstacle);
        }
    std::erase_if(actions, [](const Action &each) { return each.obstacle.has_value(); });
}

/// Triggers and policies.
void plan_parts(Oid relation, Actions &actions) {
    audit::plan(relation, actions);
    restriction::plan(relation, actions);
    rights::plan_blocklist(relation, actions);
    consent::plan_provenance(relation, actions);
}

void warn_of(const Obstacle &obstacle) {
    pg::call([&] {
        ereport(WARNING, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("%s", obstacle.message.c_str()),
                          errdetail("%s", obstacle.detail.c_str()), errhint("%s", obstacle.hint.c_str())));
    });
}

} // namespace

bool has_trigger(Oid relation, const char *name, const char *function) {
    pg::Relation opened(relation, AccessShareLock);
    const TriggerDesc *triggers = opened.get()->trigdesc;
    const Oid schema = pg::gdpr_schema();
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; i++) {
        const Trigger &trigger = triggers->triggers[i];
        if (std::string_view(trigger.tgname) == name && trigger.tgenabled == TRIGGER_FIRES_ALWAYS)
            return pg::call([&] {
                const char *called = get_func_name(trigger.tgfoid);
                return called != nullptr && std::strcmp(called, function) == 0 &&
                       get_func_namespace(trigger.tgfoid) == schema;
            });
    }
    return false;
}

Actions plan(Oid relation) {
    Actions actions;
    for (const Oid each : OidIsValid(relation) ? std::vector<Oid>{relation} : relations()) {
        check_names(each);
        if (rights::plan_same_person(each, actions))
            continue; // what an index keeps of a column goes before the column is encrypted
        plan_encryption(each, actions);
        plan_constants(each, actions);
        plan_parts(each, actions);
    }
    // What stands in a column's way may also be out of date: it is dropped once. Not so what stands in the way of
    // several tables, such as a view of them, which is back in between.
    std::set<std::pair<Oid, std::string>> dropped;
    std::erase_if(actions, [&](const Action &each) {
        return each.statement.starts_with("DROP ") && !dropped.emplace(each.relation, each.statement).second;
    });
    return actions;
}

bool take_own_alter() noexcept { return std::exchange(own_alter, false); }

void enforce_parts(Oid relation) {
    Actions actions;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("key"));
        pin_settings();
        plan_parts(relation, actions);
    }
    std::map<std::string, Obstacle> none;
    set_aside(actions, true, none);
    run(actions);
}

void init() { init_plaintext_guard(); }

} // namespace gdpr::apply

using namespace gdpr;

GDPR_FUNCTION(gdpr_plan) {
    pg::ResultSet result(fcinfo);
    const pg::OwnerScope scope(pg::gdpr_relation("key"));
    apply::pin_settings();
    for (const apply::Action &each : apply::plan(InvalidOid))
        result.add({pg::param_oid(each.relation), pg::param(each.action), pg::param(each.statement)});
    PG_RETURN_NULL();
}

GDPR_FUNCTION(gdpr_apply) {
    pg::require_role("gdpr_admin", "apply labels");
    const Oid relation = PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0);
    std::map<std::string, apply::Obstacle> aside;
    // Each round makes possible what the next one needs: types first, then triggers and policies on them.
    for (int round = 0; round < 4; round++) {
        apply::Actions actions;
        {
            const pg::OwnerScope scope(pg::gdpr_relation("key"));
            apply::pin_settings();
            actions = apply::plan(relation);
        }
        apply::set_aside(actions, OidIsValid(relation), aside);
        if (actions.empty())
            break;
        apply::run(actions);
        pg::call([] { CommandCounterIncrement(); });
    }
    apply::forget_unlabelled();
    for (const auto &[message, obstacle] : aside)
        apply::warn_of(obstacle);
    PG_RETURN_NULL();
}
