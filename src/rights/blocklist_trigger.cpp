// The trigger gdpr_blocklist, which recognises people in a row by their identifiers: a forgotten person, and what is
// done about it; one who is restricted, by restriction::join().
#include "label/label.hpp"
#include "pg/pg.hpp"
#include "restrict/restriction.hpp"
#include "rights/blocklist.hpp"
#include "rights/hits.hpp"
#include "rights/rights.hpp"

namespace gdpr::rights {

namespace {

constexpr const char *trigger_name = "gdpr_blocklist";
constexpr const char *trigger_function = "blocklist_check";

enum class Reaction { warn, reject, log };
const config_enum_entry reactions[] = {{"warn", static_cast<int>(Reaction::warn), false},
                                       {"reject", static_cast<int>(Reaction::reject), false},
                                       {"log", static_cast<int>(Reaction::log), false},
                                       {nullptr, 0, false}};
int reaction = static_cast<int>(Reaction::warn);
bool reaction_of_role = false; // set for this role or session, so that the table's own does not count

/// Remembers where the value comes from; the assignment is not told.
bool check_reaction(int *, void **extra, GucSource source) {
#if PG_VERSION_NUM >= 160000
    *extra = guc_malloc(LOG, sizeof(bool)); // PostgreSQL frees it
#else
    *extra = std::malloc(sizeof(bool)); // PostgreSQL frees it
#endif
    if (*extra == nullptr)
        return false;
    *static_cast<bool *>(*extra) = source >= PGC_S_USER && source != PGC_S_TEST;
    return true;
}

void assign_reaction(int, void *extra) { reaction_of_role = extra != nullptr && *static_cast<bool *>(extra); }

std::string_view word_for(Reaction action) { return reactions[static_cast<int>(action)].name; }

/// What one table's trigger needs, kept until the table changes.
class Watch {
  public:
    explicit Watch(Oid relation)
        : context_(pg::call(
              [] { return AllocSetContextCreate(TopMemoryContext, "gdpr blocklist", ALLOCSET_SMALL_SIZES); })) {
        const pg::ContextScope scope(context_);
        columns_.emplace(relation);
        const Oid labelled = label::of(relation).labelled;
        const pg::OwnerScope owner(pg::gdpr_relation("blocklist_rule"));
        pg::Spi spi;
        const pg::Rows rule = spi.run("SELECT action FROM gdpr.blocklist_rule WHERE relation = $1",
                                      {pg::param_oid(OidIsValid(labelled) ? labelled : relation)});
        if (!rule.empty())
            for (const config_enum_entry *each = reactions; each->name != nullptr; each++)
                if (rule.text_or(0, 1) == each->name)
                    own_ = static_cast<Reaction>(each->val);
    }
    ~Watch() { MemoryContextDelete(context_); }
    Watch(const Watch &) = delete;
    Watch &operator=(const Watch &) = delete;

    const IdentifierColumns &columns() const noexcept { return *columns_; }
    Reaction action() const noexcept { return own_ && !reaction_of_role ? *own_ : static_cast<Reaction>(reaction); }

  private:
    MemoryContext context_;
    std::optional<IdentifierColumns> columns_;
    std::optional<Reaction> own_; // what the table was set to
};

std::map<Oid, std::shared_ptr<const Watch>> *watches = nullptr;
bool watches_stale = false;

void relation_changed(Oid relation) {
    if (watches != nullptr && (relation == InvalidOid || watches->contains(relation)))
        watches_stale = true;
}

/// Shared, because an invalidation may arrive while it is in use.
std::shared_ptr<const Watch> watch_of(Oid relation) {
    if (watches == nullptr)
        watches = new std::map<Oid, std::shared_ptr<const Watch>>;
    if (watches_stale) {
        watches_stale = false;
        watches->clear();
    }
    if (const auto known = watches->find(relation); known != watches->end())
        return known->second;
    auto made = std::make_shared<const Watch>(relation);
    return (*watches)[relation] = std::move(made);
}

void react(Oid relation, const std::string &column, Reaction action) {
    note_hit(relation, column, word_for(action));
    const std::string detail =
        "Column " + pg::quote(column) + " of " + pg::relation_name(relation) + " was given an identifier of theirs.";
    pg::call([&] {
        const int level = action == Reaction::reject ? ERROR : action == Reaction::warn ? WARNING : LOG_SERVER_ONLY;
        ereport(level, (errcode(level == ERROR ? ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION : ERRCODE_WARNING),
                        errmsg("this person asked to be forgotten"), errdetail("%s", detail.c_str()),
                        errhint("Do not store them unless they agreed anew; then an officer lifts the block with "
                                "gdpr.unblock().")));
    });
}

/// The very bytes that were there before: nothing to look for, nor to decrypt.
bool untouched(const TriggerData *trigger, AttrNumber number) {
    return pg::call([&] {
        bool before_null, after_null;
        const Datum before = slot_getattr(trigger->tg_trigslot, number, &before_null);
        const Datum after = slot_getattr(trigger->tg_newslot, number, &after_null);
        const Form_pg_attribute column = TupleDescAttr(trigger->tg_relation->rd_att, number - 1);
        return before_null == after_null &&
               (before_null || datum_image_eq(before, after, column->attbyval, column->attlen));
    });
}

void check(const TriggerData *trigger) {
    if (blocklist_empty())
        return;
    const Oid relation = RelationGetRelid(trigger->tg_relation);
    const bool update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
    const std::shared_ptr<const Watch> watch = watch_of(relation);
    const pg::TemporaryContext context("gdpr blocklist");
    const IdentifierColumns &columns = watch->columns();
    for (std::size_t i = 0; i < columns.size(); i++) {
        if (update && untouched(trigger, columns.number(i)))
            continue;
        const auto given = columns.read(i, update ? trigger->tg_newslot : trigger->tg_trigslot);
        if (!given || (update && given == columns.read(i, trigger->tg_trigslot)))
            continue;
        if (blocked(*given))
            react(relation, columns.name(i), watch->action());
    }
}

/// The relation and the children that inherit from it; partitions have their parent's trigger.
std::vector<Oid> own_triggers_on(Oid relation) {
    std::vector<Oid> out;
    List *heirs = pg::call([&] { return find_all_inheritors(relation, AccessShareLock, nullptr); });
    ListCell *cell;
    foreach (cell, heirs)
        if (lfirst_oid(cell) == relation || !pg::call([&] { return get_rel_relispartition(lfirst_oid(cell)); }))
            out.push_back(lfirst_oid(cell));
    return out;
}

/// The columns that a trigger of ours names, in order of number; nullopt where there is no such trigger.
std::optional<std::vector<AttrNumber>> watched(Oid relation) {
    if (!apply::has_trigger(relation, trigger_name, trigger_function))
        return std::nullopt;
    const pg::Relation opened(relation, AccessShareLock);
    const TriggerDesc *triggers = opened.get()->trigdesc;
    for (int i = 0; i < triggers->numtriggers; i++)
        if (std::string_view(triggers->triggers[i].tgname) == trigger_name) {
            const Trigger &trigger = triggers->triggers[i];
            std::vector<AttrNumber> columns(trigger.tgattr, trigger.tgattr + trigger.tgnattr);
            std::sort(columns.begin(), columns.end());
            return columns;
        }
    return std::nullopt;
}

bool any_trigger_of_the_name(Oid relation) {
    const pg::Relation opened(relation, AccessShareLock);
    const TriggerDesc *triggers = opened.get()->trigdesc;
    return triggers != nullptr &&
           std::any_of(triggers->triggers, triggers->triggers + triggers->numtriggers,
                       [](const Trigger &trigger) { return trigger_name == std::string_view(trigger.tgname); });
}

} // namespace

void plan_blocklist(Oid relation, apply::Actions &actions) {
    if (const Oid labelled = label::of(relation).labelled; OidIsValid(labelled) && labelled != relation)
        return; // planned with the table it inherits from
    for (const Oid each : own_triggers_on(relation)) {
        const label::Labels labels = label::of(each);
        std::vector<AttrNumber> wanted;
        std::string columns;
        bool needed = false;
        for (const label::LabelledColumn &column : labels.columns) {
            needed = needed || column.label.identifier;
            // A heir's trigger names no columns: its parent's would not be free to change their type.
            if (!column.label.identifier || each != relation)
                continue;
            wanted.push_back(column.number);
            columns += (columns.empty() ? " OF " : ", ") + pg::quote(column.name);
        }
        std::sort(wanted.begin(), wanted.end());
        if (needed ? watched(each) == wanted : !any_trigger_of_the_name(each))
            continue;
        const std::string name = pg::relation_name(each);
        const std::string drop = std::string("DROP TRIGGER ") + trigger_name + " ON " + name;
        if (any_trigger_of_the_name(each) &&
            std::none_of(actions.begin(), actions.end(),
                         [&](const apply::Action &planned) { return planned.statement == drop; }))
            actions.push_back({each, "drop blocklist trigger", drop});
        if (!needed)
            continue;
        // After the row is stored: what a BEFORE trigger of the owner made of it is what counts.
        actions.push_back({each, "create blocklist trigger",
                           std::string("CREATE TRIGGER ") + trigger_name + " AFTER INSERT OR UPDATE" + columns +
                               " ON " + name + " FOR EACH ROW EXECUTE FUNCTION gdpr." + trigger_function + "()"});
        actions.push_back(
            {each, "enable blocklist trigger", "ALTER TABLE " + name + " ENABLE ALWAYS TRIGGER " + trigger_name});
    }
}

void init_blocklist_trigger() {
    DefineCustomEnumVariable("gdpr.blocklist_action", "What happens when a forgotten person comes back.",
                             "warn tells the client, reject refuses the row, log tells the server log alone. Set for a "
                             "role, it goes before what gdpr.set_blocklist_action() says of a table.",
                             &reaction, static_cast<int>(Reaction::warn), reactions, PGC_SUSET, 0, check_reaction,
                             assign_reaction, nullptr);
    pg::on_relation_change(relation_changed);
}

} // namespace gdpr::rights

using namespace gdpr;

GDPR_FUNCTION(gdpr_blocklist_check) {
    if (!CALLED_AS_TRIGGER(fcinfo))
        pg::raise(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "gdpr.blocklist_check() must be called as a trigger");
    const auto *trigger = reinterpret_cast<const TriggerData *>(fcinfo->context);
    restriction::join(trigger); // before the look at the list: it waits for whoever is forgetting the person
    rights::check(trigger);
    return PointerGetDatum(nullptr);
}

GDPR_FUNCTION(gdpr_set_blocklist_action) {
    pg::require_role("gdpr_admin", "decide what happens when a forgotten person comes back");
    if (PG_ARGISNULL(0))
        pg::raise(ERRCODE_NULL_VALUE_NOT_ALLOWED, "relation must not be null");
    const Oid relation = PG_GETARG_OID(0);
    const label::Labels labels = label::of(relation);
    if (labels.labelled != relation ||
        std::none_of(labels.columns.begin(), labels.columns.end(),
                     [](const label::LabelledColumn &each) { return each.label.identifier; }))
        pg::raise(ERRCODE_WRONG_OBJECT_TYPE, pg::relation_name(relation) + " has no column labelled identifier", "",
                  "Name the table that carries the labels.");
    const pg::OwnerScope scope(pg::gdpr_relation("blocklist_rule"));
    pg::Spi spi;
    (void)spi.run("DELETE FROM gdpr.blocklist_rule WHERE relation = $1", {pg::param_oid(relation)});
    if (!PG_ARGISNULL(1)) {
        const std::string action = pg::to_string(PG_GETARG_DATUM(1));
        if (std::none_of(std::begin(rights::reactions), std::end(rights::reactions) - 1,
                         [&](const config_enum_entry &each) { return action == each.name; }))
            pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "there is no such action",
                      "It is warn, reject or log, or null for the setting gdpr.blocklist_action.");
        (void)spi.run("INSERT INTO gdpr.blocklist_rule (relation, action) VALUES ($1, $2)",
                      {pg::param_oid(relation), pg::param(action)});
    }
    pg::call([&] {
        // Its partitions and heirs are watched by the same rule.
        ListCell *cell;
        foreach (cell, find_all_inheritors(relation, AccessShareLock, nullptr))
            CacheInvalidateRelcacheByRelid(lfirst_oid(cell));
    });
    PG_RETURN_VOID();
}
