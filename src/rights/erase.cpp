#include "rights/erase.hpp"

#include "pg/pg.hpp"

namespace gdpr::rights {

namespace {

using Fate = Target::Fate;

[[noreturn]] void withstood(Oid relation) {
    pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
              "rows of " + pg::relation_name(relation) + " withstood their erasure",
              "A trigger or a rule of the table undid or suppressed the change.",
              "Let it pass changes made as the owner of the table, or label the table erase(anonymize).");
}

/// Is there code of the owner's that runs when rows of the relation, or of its partitions, change?
bool has_code(Oid relation) {
    const Oid schema = pg::call([] { return get_namespace_oid("gdpr", false); });
    List *all = pg::call([&] { return find_all_inheritors(relation, AccessShareLock, nullptr); });
    ListCell *cell;
    foreach (cell, all) {
        const pg::Relation opened(lfirst_oid(cell), AccessShareLock);
        if (opened.get()->rd_rules != nullptr)
            return true;
        const TriggerDesc *triggers = opened.get()->trigdesc;
        for (int i = 0; triggers != nullptr && i < triggers->numtriggers; i++)
            if (const Trigger &each = triggers->triggers[i];
                !each.tgisinternal && pg::call([&] { return get_func_namespace(each.tgfoid); }) != schema)
                return true;
    }
    return false;
}

class Erasure {
  public:
    explicit Erasure(const ErasePlan &plan) : plan_(plan) {
        const auto &targets = plan.targets();
        const auto &unlinks = plan.unlinks();
        watchful_ =
            std::any_of(targets.begin(), targets.end(),
                        [](const Target &each) { return each.selection->rows > 0 && has_code(each.relation); }) ||
            std::any_of(unlinks.begin(), unlinks.end(), [](const Unlink &each) { return has_code(each.relation); });
    }

    void unlink(const Unlink &found);
    void leave(const Target &target);
    void blank_rows(const Target &target);
    void remove(const Target &target);
    void remove_circle(const std::vector<const Target *> &group);

  private:
    /// Raises while the condition still reaches rows. Where nobody's code runs, none can have undone anything.
    void settled(Oid relation, const Where &where) const {
        if (watchful_ && count_rows(relation, where) > 0)
            withstood(relation);
    }
    void cut(Oid relation, const Columns &columns, const Where &where);
    void give_pseudonyms(Oid relation, const Columns &columns, const Where &where);
    bool defer(const std::vector<const Target *> &group, const Reference &reference) const;

    const ErasePlan &plan_;
    bool watchful_;
};

void Erasure::cut(Oid relation, const Columns &columns, const Where &where) {
    std::string set;
    for (const std::string &column : columns)
        set += (set.empty() ? "" : ", ") + pg::quote(column) + " = NULL";
    (void)run_on(relation, "UPDATE " + pg::relation_name(relation) + " AS t SET " + set + " WHERE " + where.sql,
                 where.params, "cut the keys in rows of");
}

/// Of a key that cannot be null and that no foreign key guards.
void Erasure::give_pseudonyms(Oid relation, const Columns &columns, const Where &where) {
    std::vector<Blank> pseudonyms;
    for (const std::string &column : columns)
        pseudonyms.push_back(pseudonym(relation, column));
    (void)blank(relation, pseudonyms, "", where.sql, where.params);
}

void Erasure::unlink(const Unlink &found) {
    if (!found.kept.empty())
        return;
    const Where where{found.where, found.params};
    if (found.cuts.empty())
        (void)blank(found.relation, found.blank, "", where.sql, where.params);
    else
        cut(found.relation, found.cuts, where);
    settled(found.relation, where);
}

void Erasure::leave(const Target &target) {
    const auto &hops = target.selection->step.hops;
    if (target.rows.at(Fate::leave) == 0)
        return;
    for (std::size_t i = 0; i < hops.size(); i++) {
        if (hops[i].reversed())
            continue;
        const Columns &key = hops[i].edge.child_columns, columns = cuttable(target.relation, key);
        const Where where = target.with(target.where(Fate::leave).sql + " AND (" + target.departing[i] + ")");
        if (count_rows(target.relation, where) == 0)
            continue;
        if (columns.empty())
            give_pseudonyms(target.relation, key, where);
        else
            cut(target.relation, columns, where);
        settled(target.relation, where);
    }
}

void Erasure::blank_rows(const Target &target) {
    if (target.rows.at(Fate::blank) == 0 || (target.cuts.empty() && target.blank.empty()))
        return;
    const Where where = target.where(Fate::blank);
    if (blank(target.relation, target.blank, target.cuts, where.sql, where.params) < target.rows.at(Fate::blank))
        withstood(target.relation);
    settled(target.relation, target.with(where.sql + " AND (" + undone(target.blank) + " OR " + target.cut + ")"));
}

void Erasure::remove(const Target &target) {
    if (target.rows.at(Fate::remove) == 0)
        return;
    const Where where = target.where(Fate::remove);
    (void)run_on(target.relation, "DELETE FROM " + target.name + " AS t WHERE " + where.sql, where.params,
                 "delete rows of");
    settled(target.relation, where);
}

/// A deferred key is checked when all are gone. Among tables of several owners nothing is deferred: a constraint
/// trigger of the same name would then run as another owner.
bool Erasure::defer(const std::vector<const Target *> &group, const Reference &reference) const {
    const Oid owner = pg::relation_owner(reference.child);
    if (!reference.deferrable || std::any_of(group.begin(), group.end(), [&](const Target *each) {
            return pg::relation_owner(each->relation) != owner;
        }))
        return false;
    const pg::OwnerScope scope(reference.child);
    pg::Spi spi;
    const pg::Rows names =
        spi.run("SELECT pg_catalog.format('%I.%I', n.nspname, c.conname) FROM pg_catalog.pg_constraint c"
                "  JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace WHERE c.oid = $1",
                {pg::param(OIDOID, ObjectIdGetDatum(reference.constraint))});
    (void)spi.run("SET CONSTRAINTS " + names.text_or(0, 1) + " DEFERRED");
    return true;
}

/// Tables that point at one another: no order is safe, so the keys within are cut or deferred first. Cutting one takes
/// away what the row was found by; so the rows are remembered by their primary keys.
void Erasure::remove_circle(const std::vector<const Target *> &group) {
    std::map<Oid, Columns> key;
    std::map<Oid, Keys> doomed;
    for (const Target *each : group) {
        key[each->relation] = primary_key_of(each->relation);
        if (each->rows.at(Fate::remove) > 0 && key[each->relation].empty())
            pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED, "could not delete rows of " + each->name,
                      "Its keys form a circle with other tables, and it has no primary key.", "Give it a primary key.");
        if (each->rows.at(Fate::remove) > 0)
            doomed[each->relation] = keys_of(each->relation, key[each->relation], each->where(Fate::remove));
    }
    for (const Target *each : group)
        blank_rows(*each);
    std::vector<const Reference *> binding;
    bool deferred = false;
    for (const Reference &each : plan_.references()) {
        if (each.child == each.parent || !OidIsValid(each.constraint) || !doomed.contains(each.child) ||
            !doomed.contains(each.parent))
            continue;
        if (each.cuttable()) {
            std::vector<pg::Param> params;
            const std::string rows = one_of(each.child, key[each.child], doomed[each.child], params);
            cut(each.child, each.cuts, {rows + " AND " + filled(each.child_columns), params});
        } else if (defer(group, each))
            deferred = true;
        else
            binding.push_back(&each);
    }
    while (!doomed.empty()) {
        auto next = std::find_if(doomed.begin(), doomed.end(), [&](const auto &parent) {
            return std::none_of(binding.begin(), binding.end(), [&](const Reference *each) {
                return each->parent == parent.first && doomed.contains(each->child);
            });
        });
        if (next == doomed.end())
            next = doomed.begin();
        std::vector<pg::Param> params;
        const Oid relation = next->first;
        const std::string where = one_of(relation, key[relation], next->second, params);
        (void)run_on(relation, "DELETE FROM " + pg::relation_name(relation) + " AS t WHERE " + where, params,
                     "delete rows of");
        settled(relation, {where, params});
        doomed.erase(next);
    }
    if (deferred) {
        const pg::OwnerScope scope(group.front()->relation);
        pg::make_constraints_immediate();
    }
}

} // namespace

void erase_rows(const ErasePlan &plan, const subject::Collection &collection) {
    Erasure erasure(plan);
    for (const Unlink &each : plan.unlinks())
        erasure.unlink(each);
    const auto concerned = [&](Oid relation) {
        const Target *found = plan.target(relation);
        return found != nullptr && found->selection->rows > 0 ? found : nullptr;
    };
    for (const Target &each : plan.targets())
        if (concerned(each.relation) != nullptr)
            erasure.leave(each);
    const subject::EraseOrder order = subject::graph().erase_order(collection.walk());
    std::set<unsigned> done;
    for (const unsigned node : order.nodes) {
        const auto cycle = std::find_if(order.cycles.begin(), order.cycles.end(), [&](const auto &each) {
            return std::find(each.begin(), each.end(), node) != each.end();
        });
        if (cycle == order.cycles.end()) {
            if (const Target *target = concerned(node); target != nullptr) {
                erasure.remove(*target);
                erasure.blank_rows(*target);
            }
            continue;
        }
        if (!done.insert(cycle->front()).second)
            continue;
        std::vector<const Target *> group;
        for (const unsigned each : *cycle)
            if (const Target *target = concerned(each); target != nullptr)
                group.push_back(target);
        erasure.remove_circle(group);
    }
}

} // namespace gdpr::rights
