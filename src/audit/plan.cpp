// Which tables have the audit triggers, and which should.
#include "audit/audit.hpp"
#include "label/label.hpp"
#include "pg/function.hpp"
#include "pg/pg.hpp"

namespace gdpr::audit {

namespace {

pg::OwnFunction audit_row("audit_row"), audit_truncate("audit_truncate");

struct Wanted {
    const char *name;
    pg::OwnFunction *function;
    const char *events;
    const char *level;
    int16 type; // as in pg_trigger.tgtype
};

constexpr Wanted row_trigger = {"gdpr_audit", &audit_row, "AFTER INSERT OR UPDATE OR DELETE", "FOR EACH ROW",
                                TRIGGER_TYPE_ROW | TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE};
constexpr Wanted truncate_trigger = {"gdpr_audit_truncate", &audit_truncate, "AFTER TRUNCATE", "FOR EACH STATEMENT",
                                     TRIGGER_TYPE_TRUNCATE};

bool is_wanted(Oid relation) {
    const label::Labels &labels = label::of(relation);
    if (labels.table && labels.table->audit == label::TableLabel::Audit::off)
        return false;
    return !labels.empty() || OidIsValid(subject::node_of(relation));
}

struct Present {
    std::string name;
    bool ours;    // calls our function
    bool right;   // and is what we would make
    bool enabled; // always
    bool clone;   // of the parent's; goes and comes with that one
};

/// The triggers that call our function or bear our name.
std::vector<Present> present(Oid relation, const Wanted &wanted) {
    const Oid function = pg::call([&] { return wanted.function->id(); });
    const pg::Relation opened(relation, AccessShareLock);
    const TriggerDesc *triggers = opened.get()->trigdesc;
    std::vector<Present> out;
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; i++) {
        const Trigger &each = triggers->triggers[i];
        const bool named = std::string_view(each.tgname) == wanted.name;
        const bool ours = each.tgfoid == function;
        if (!ours && !named)
            continue;
        const bool right = ours && named && each.tgtype == wanted.type && each.tgqual == nullptr && each.tgnattr == 0 &&
                           !each.tgdeferrable;
        out.push_back({each.tgname, ours, right, each.tgenabled == TRIGGER_FIRES_ALWAYS, each.tgisclone});
    }
    return out;
}

class Planner {
  public:
    Planner(Oid relation, apply::Actions &actions)
        : relation_(relation), name_(pg::relation_name(relation)), actions_(actions) {}

    void want(const Wanted &wanted, bool from_parent) {
        bool there = from_parent;
        for (const Present &each : present(relation_, wanted)) {
            if (each.right && each.clone == from_parent) {
                there = true;
                if (!each.enabled)
                    enable(wanted);
            } else if (!each.clone)
                drop(each.name);
        }
        if (there)
            return;
        add("create audit trigger", std::string("CREATE TRIGGER ") + wanted.name + " " + wanted.events + " ON " +
                                        name_ + " " + wanted.level + " EXECUTE FUNCTION gdpr." +
                                        wanted.function->name() + "()");
        enable(wanted);
    }

    void unwant(const Wanted &wanted) {
        for (const Present &each : present(relation_, wanted))
            if (each.ours && !each.clone)
                drop(each.name);
    }

  private:
    void add(const char *action, std::string statement) {
        // A partition is planned with its parent and, having a trigger of its own, perhaps for itself.
        const bool planned = std::any_of(actions_.begin(), actions_.end(), [&](const apply::Action &each) {
            return each.relation == relation_ && each.statement == statement;
        });
        if (!planned)
            actions_.push_back({relation_, action, std::move(statement)});
    }
    void drop(const std::string &trigger) {
        add("drop audit trigger", "DROP TRIGGER " + pg::quote(trigger) + " ON " + name_);
    }
    void enable(const Wanted &wanted) {
        add("enable audit trigger", "ALTER TABLE " + name_ + " ENABLE ALWAYS TRIGGER " + wanted.name);
    }

    Oid relation_;
    std::string name_;
    apply::Actions &actions_;
};

} // namespace

void plan(Oid relation, apply::Actions &actions) {
    List *family = pg::call([&] { return find_all_inheritors(relation, NoLock, nullptr); });
    // Children first: a trigger of their own would stand in the way of the parent's.
    for (int i = list_length(family) - 1; i >= 0; i--) {
        const Oid member = list_nth_oid(family, i);
        if (pg::call([&] { return get_rel_relkind(member); }) == RELKIND_FOREIGN_TABLE)
            continue; // its rows are another server's, and so is their log
        Planner planner(member, actions);
        if (is_wanted(member)) {
            // PostgreSQL clones row triggers to partitions; nothing else reaches partitions or inheritance children.
            const bool partition = pg::call([&] { return get_rel_relispartition(member); });
            planner.want(row_trigger, partition && is_wanted(pg::parent_of(member)));
            planner.want(truncate_trigger, false);
        } else {
            planner.unwant(row_trigger);
            planner.unwant(truncate_trigger);
        }
    }
}

} // namespace gdpr::audit
