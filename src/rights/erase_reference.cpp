// How the person's rows and those of others point at one another: what must be cut, and what must stay for it.
#include "rights/erase_plan.hpp"

#include "pg/equality.hpp"
#include "pg/pg.hpp"

namespace gdpr::rights {

namespace {

using subject::Hop;
using subject::Step;

bool same_values(const std::vector<pg::Param> &one, const std::vector<pg::Param> &other) {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(), [](const auto &left, const auto &right) {
        return left.type == right.type && left.null == right.null && left.value == right.value;
    });
}

bool same_columns(const Hop &hop, const Reference &reference) {
    const Columns &one = hop.edge.child_columns, &other = reference.child_columns;
    return std::is_permutation(one.begin(), one.end(), other.begin(), other.end());
}

/// Do rows of other people own by this key what it points to, in a relation where the person owns nothing?
bool owned_elsewhere(const Reference &reference) {
    const std::vector<Hop> owners = subject::graph().owners(reference.parent);
    return std::any_of(owners.begin(), owners.end(), [&](const Hop &hop) {
        return hop.reversed() && hop.owner == reference.child && same_columns(hop, reference);
    });
}

} // namespace

Keys ErasePlan::keys(Oid relation, const Columns &columns, const Where &where) {
    const auto known = std::find_if(read_.begin(), read_.end(), [&](const Read &each) {
        return each.relation == relation && each.columns == columns && each.where.sql == where.sql &&
               same_values(each.where.params, where.params);
    });
    if (known != read_.end())
        return known->keys;
    return read_.emplace_back(Read{relation, columns, where, keys_of(relation, columns, where)}).keys;
}

/// Rows are left out that are the person's alone, or kept: by their primary key, since two selections have parameters
/// of their own.
std::string ErasePlan::not_own(const Target *target, Oid relation, std::vector<pg::Param> &params) {
    const Columns key = primary_key_of(relation);
    if (target == nullptr || key.empty())
        return "true";
    const std::string alone = not_true(target->others);
    const std::string own =
        both(target->mine(), target->kept == "false" || alone == "true" ? alone : "(" + target->kept + ") OR " + alone);
    return not_true(one_of(relation, key, keys(relation, key, target->with(own)), params));
}

/// Do the child's rows own by this key what it points to?
bool ErasePlan::owns(const Reference &reference) const {
    const Target *parent = target(reference.parent);
    const auto &hops = parent->selection->step.hops;
    return std::any_of(hops.begin(), hops.end(), [&](const Hop &hop) {
        return hop.reversed() && hop.owner == reference.child && same_columns(hop, reference);
    });
}

bool ErasePlan::accesses(const Reference &reference) const {
    const auto reaches = [&](bool accessed) {
        const auto &selections = collection_.selections();
        return std::any_of(selections.begin(), selections.end(), [&](const subject::Selection &selection) {
            return selection.step.node == reference.child &&
                   (selection.step.kind == Step::Kind::accessed) == accessed &&
                   std::any_of(selection.step.hops.begin(), selection.step.hops.end(), [&](const Hop &hop) {
                       return !hop.reversed() && hop.owner == reference.parent && same_columns(hop, reference);
                   });
        });
    };
    return reaches(true) && !reaches(false);
}

/// Rows of the child in which the label makes its key to the parent count; "false" where it says nothing of the key.
std::string ErasePlan::counting(const Reference &reference) const {
    std::string out = "false";
    for (const subject::Selection &selection : collection_.selections())
        for (const Hop &hop : selection.step.hops) {
            if (selection.step.node != reference.child || hop.reversed() || hop.owner != reference.parent ||
                !same_columns(hop, reference))
                continue;
            if (hop.edge.when.empty())
                return "true";
            out = (out == "false" ? "(" : out + " OR (") + hop.edge.when + ")";
        }
    return out == "false" ? out : "(" + out + ")";
}

bool ErasePlan::guarded(const Hop &hop) const {
    return std::any_of(references_.begin(), references_.end(), [&](const Reference &each) {
        return OidIsValid(each.constraint) && each.child == hop.edge.child && each.parent == hop.edge.parent &&
               same_columns(hop, each);
    });
}

/// What points at settled rows goes on to, and so those stay.
void ErasePlan::pin_settled(const Target &parent, const Columns &parent_columns, Oid child,
                            const Columns &child_columns, std::string pointing, std::vector<pg::Param> params) {
    const Where settled = parent.with(both(parent.departs(), not_true(parent.todo)));
    pointing += " AND " + one_of(child, child_columns, keys(parent.relation, parent_columns, settled), params);
    if (Keys found = keys_of(child, child_columns, {pointing, params}); any(found))
        pinned_[parent.relation].emplace_back(parent_columns, std::move(found));
}

/// Rows that the person accesses and others own.
void ErasePlan::find_accessed(const subject::Selection &selection) {
    const Oid relation = selection.step.node;
    if (selection.rows == 0)
        return;
    for (std::size_t i = 0; i < selection.step.hops.size(); i++) {
        const Hop &hop = selection.step.hops[i];
        const Target &owner = *target(hop.owner);
        Unlink found;
        found.relation = relation;
        found.params = selection.params;
        found.where = "(" + selection.hop_conditions[i] + ") AND " + not_own(target(relation), relation, found.params);
        if (owner.todo != "true")
            pin_settled(owner, hop.edge.parent_columns, relation, hop.edge.child_columns, found.where, found.params);
        if (const std::string going = both(owner.departs(), owner.todo); going != owner.mine())
            found.where += " AND " + not_true(one_of(relation, hop.edge.child_columns,
                                                     keys_of(owner.relation, hop.edge.parent_columns,
                                                             owner.with(both(owner.mine(), not_true(going)))),
                                                     found.params));
        found.rows = count_rows(relation, {found.where, found.params});
        if (found.rows == 0)
            continue;
        found.cuts = cuttable(relation, hop.edge.child_columns);
        if (found.cuts.empty()) {
            if (guarded(hop)) {
                found.kept = "keep (" + column_list(hop.edge.child_columns) + " cannot be null)";
                pinned_[hop.owner].emplace_back(hop.edge.parent_columns,
                                                keys_of(relation, hop.edge.child_columns, {found.where, found.params}));
            } else
                for (const std::string &column : hop.edge.child_columns)
                    found.blank.push_back(pseudonym(relation, column));
        }
        unlinks_.push_back(std::move(found));
    }
}

/// Rows that are not the person's and have a foreign key to what goes, in relations that the graph knows.
void ErasePlan::find_pointing() {
    for (const Reference &each : references_) {
        const Target *parent = target(each.parent), *child = target(each.child);
        const auto &selections = collection_.selections();
        const auto through = [&](bool all) {
            return std::any_of(selections.begin(), selections.end(), [&](const subject::Selection &selection) {
                return selection.step.node == each.child &&
                       (all || std::any_of(selection.step.hops.begin(), selection.step.hops.end(), [&](const Hop &hop) {
                            return !hop.reversed() && hop.edge.when.empty() && hop.owner == each.parent &&
                                   hop.edge.child_columns == each.child_columns;
                        }));
            });
        };
        if (!OidIsValid(each.constraint) || parent == nullptr || parent->selection->rows == 0 ||
            !(through(true) || owned_elsewhere(each)) || through(false))
            continue;
        Unlink found;
        found.relation = each.child;
        found.where =
            one_of(each.child, each.child_columns,
                   keys(parent->relation, each.parent_columns, parent->with(both(parent->departs(), parent->todo))),
                   found.params);
        if (parent->todo != "true") {
            std::vector<pg::Param> params;
            const std::string pointing = not_own(child, each.child, params);
            pin_settled(*parent, each.parent_columns, each.child, each.child_columns, pointing, std::move(params));
        }
        found.where += " AND " + not_own(child, each.child, found.params);
        // What tells whose a kept row is; by the primary key, as not_own.
        const Columns key = primary_key_of(each.child);
        if (const std::string spared = owns(each) ? "false" : needed(each); spared != "false" && !key.empty())
            found.where +=
                " AND " + not_true(one_of(each.child, key, keys(each.child, key, child->with(spared)), found.params));
        found.rows = count_rows(each.child, {found.where, found.params});
        if (found.rows == 0)
            continue;
        found.cuts = each.cuts;
        if (!each.cuttable()) {
            found.kept = "keep (" + column_list(each.child_columns) + " cannot be null)";
            pinned_[each.parent].emplace_back(each.parent_columns,
                                              keys_of(each.child, each.child_columns, {found.where, found.params}));
        }
        unlinks_.push_back(std::move(found));
    }
}

/// Rows of the child whose key tells whose a kept row is; where the child owns by the key, rows of the parent.
std::string ErasePlan::needed(const Reference &reference) const {
    const bool owning = owns(reference);
    const Target *owned = target(owning ? reference.parent : reference.child);
    std::string out = "false";
    if (owned == nullptr)
        return out;
    const auto &hops = owned->selection->step.hops;
    for (std::size_t i = 0; i < hops.size(); i++)
        if (hops[i].reversed() == owning && hops[i].edge.child == reference.child &&
            hops[i].edge.parent == reference.parent && same_columns(hops[i], reference))
            if (const std::string rows = owned->needed(i, collection_); rows != "false")
                out = out == "false" ? "(" + rows + ")" : out + " OR (" + rows + ")";
    return out;
}

/// One round, children first: what rows that stay go on pointing at stays too. True while a circle may still grow.
bool ErasePlan::mark_referenced() {
    std::map<Oid, std::string> referenced;
    std::map<Oid, std::vector<pg::Param>> params;
    for (Target &each : targets_) {
        params[each.relation] = each.params;
        referenced[each.relation] = each.way == "false" ? "false" : each.way;
        for (const auto &[columns, keys] : pinned_[each.relation])
            referenced[each.relation] += " OR " + one_of(each.relation, columns, keys, params[each.relation]);
    }
    const auto take = [&](Target &parent) {
        if (referenced[parent.relation] != "false") {
            parent.referenced = referenced[parent.relation];
            parent.params = params[parent.relation];
        }
    };
    const std::vector<unsigned> nodes = subject::graph().erase_order(collection_.walk()).nodes;
    const auto place = [&](Oid relation) { return std::find(nodes.begin(), nodes.end(), relation); };
    // Of a circle, a relation hears of all that points at it only when the round is over.
    const auto hears_late = [&](const Target &parent) {
        return std::any_of(references_.begin(), references_.end(), [&](const Reference &each) {
            return each.parent == parent.relation && target(each.child) != nullptr &&
                   place(each.child) >= place(parent.relation);
        });
    };
    for (const unsigned node : nodes) {
        Target *child = target(node);
        if (child == nullptr || child->selection->rows == 0)
            continue;
        if (!hears_late(*child))
            take(*child);
        for (const Reference &each : references_) {
            Target *parent = target(each.parent);
            if (each.child != node || parent == nullptr || parent->selection->rows == 0)
                continue;
            // A row that its label lets stay loses its key where it can, and any blanked row what it owned and who
            // accessed it (mark_cuts).
            const bool owning = owns(each), bound = !each.cuttable() && OidIsValid(each.constraint);
            const bool loose = child->anonymise || owning || (accesses(each) && !bound);
            const std::string stays = child->anonymise ? "true" : child->referenced;
            std::string hold = both(not_true(child->others), loose && !bound ? "false" : stays);
            for (const std::string &more : {child->kept, owning ? "false" : needed(each), child->settled_with_others()})
                if (more != "false")
                    hold = hold == "false" ? "(" + more + ")" : "(" + more + ") OR (" + hold + ")";
            const Keys keys = keys_of(child->relation, each.child_columns, child->with(both(child->mine(), hold)));
            if (any(keys))
                referenced[each.parent] += " OR " + one_of(each.parent, each.parent_columns, keys, params[each.parent]);
        }
    }
    bool grew = false;
    for (Target &each : targets_)
        if (each.selection->rows > 0 && hears_late(each)) {
            const auto reached = [&] {
                return count_rows(each.relation, each.with(both(each.mine(), each.referenced)));
            };
            const std::uint64_t before = reached();
            take(each);
            grew = grew || reached() != before;
        }
    return grew;
}

/// Rows of the child that point at the same row by another key, which cannot be cut.
std::string ErasePlan::bound_besides(const Reference &reference) const {
    std::string out = "false";
    for (const Reference &other : references_) {
        if (&other == &reference || other.child != reference.child || other.parent != reference.parent ||
            other.parent_columns != reference.parent_columns || other.cuttable() || !OidIsValid(other.constraint))
            continue;
        std::string same;
        for (std::size_t i = 0; i < other.child_columns.size(); i++) {
            const auto type = [&](const std::string &column) {
                return pg::call([&] { return get_atttype(other.child, get_attnum(other.child, column.c_str())); });
            };
            const std::string &one = other.child_columns[i], &two = reference.child_columns[i];
            same += (i == 0 ? "t." : " AND t.") + pg::quote(one) + " " + pg::equals(type(one), type(two)) + " t." +
                    pg::quote(two);
        }
        out = out == "false" ? "(" + same + ")" : out + " OR (" + same + ")";
    }
    return out;
}

/// Rows that stay by their table's label lose their keys to rows that go, or stay only because something points at
/// them. One that cannot be null and is no foreign key takes a pseudonym. And no blanked row goes on owning anything.
void ErasePlan::mark_cuts(Target &child) {
    if ((!child.anonymise && child.referenced == "false") || child.selection->rows == 0)
        return;
    std::map<std::string, std::string> when;
    for (const Reference &each : references_) {
        const Target *parent = target(each.parent);
        if (each.child != child.relation || parent == nullptr || parent == &child)
            continue;
        const bool owning = owns(each), told = owning || accesses(each), upheld = OidIsValid(each.constraint);
        if (!told && (!child.anonymise || (parent->anonymise && !upheld)))
            continue;
        // Of what one column leads to by its label, in some rows here and in others there, no more than that.
        std::string only = owning || upheld ? "true" : counting(each);
        if (!told && parent->anonymise) { // both stay, but where the label does not count it, it says nothing
            only = counting(each);
            if (only == "true" || only == "false")
                continue;
            only = not_true(only);
        }
        const std::string spared = needed(each);
        const Keys keys =
            parent == &targets_.front() && !collection_.exists() ? collection_.absent_keys(each.parent_columns)
            : parent->selection->rows == 0
                ? Keys{}
                : keys_of(parent->relation, each.parent_columns,
                          parent->with(owning ? both(parent->mine(), not_true(spared)) : parent->departs()));
        if (!any(keys))
            continue;
        const auto blanked = [&](const std::string &column) {
            return std::any_of(child.blank.begin(), child.blank.end(),
                               [&](const Blank &blank) { return blank.column == column; });
        };
        if (!each.cuttable() && !OidIsValid(each.constraint)) {
            const std::string going = both(one_of(child.relation, each.child_columns, keys, child.params),
                                           both(only, owning ? "true" : not_true(spared)));
            for (const std::string &column : each.child_columns)
                if (!blanked(column)) {
                    child.blank.push_back(pseudonym(child.relation, column));
                    child.blank.back().spare(not_true(going)); // it leads to somebody else
                }
        }
        // A row that another key binds to the same row gains nothing by losing this one, and would be nobody's then.
        const std::string bound = bound_besides(each);
        for (const std::string &column : each.cuts)
            if (!blanked(column))
                when[column] += (when[column].empty() ? "" : " OR ") +
                                both(both(one_of(child.relation, each.child_columns, keys, child.params),
                                          both(only, owning ? "true" : not_true(spared))),
                                     not_true(bound));
    }
    for (const auto &[column, condition] : when) {
        const std::string name = pg::quote(column);
        child.cuts += (child.cuts.empty() ? "" : ", ") + name + " = CASE WHEN " + condition + " THEN NULL ELSE t." +
                      name + " END";
        child.cut += " OR " + condition;
    }
    child.cut = "(" + child.cut + ")";
}

/// A relation outside of the graph stands in the way: nothing of it is touched, silently or otherwise.
void ErasePlan::refuse_pointing() {
    const auto &selections = collection_.selections();
    for (const Reference &each : references_) {
        const Target *parent = target(each.parent);
        if (parent == nullptr || parent->selection->rows == 0 || each.on_delete == FKCONSTR_ACTION_SETNULL ||
            each.on_delete == FKCONSTR_ACTION_SETDEFAULT || owned_elsewhere(each) ||
            std::any_of(selections.begin(), selections.end(),
                        [&](const subject::Selection &selection) { return selection.step.node == each.child; }))
            continue;
        std::vector<pg::Param> params;
        const std::string pointing =
            one_of(each.child, each.child_columns,
                   keys(parent->relation, each.parent_columns, parent->where(Target::Fate::remove)), params);
        if (count_rows(each.child, {pointing, params}) == 0)
            continue;
        const std::string name = pg::relation_name(each.child);
        pg::raise(ERRCODE_FOREIGN_KEY_VIOLATION,
                  "rows of " + name + " point at rows of " + parent->name + " that are to be erased",
                  "Its key (" + column_list(each.child_columns) + ") is not in the subject's graph.",
                  "Say whose its rows are: SECURITY LABEL FOR gdpr ON TABLE " + name + " IS 'owned(" +
                      column_list(each.child_columns) + ")', or accessed(" + column_list(each.child_columns) + ").");
    }
}

} // namespace gdpr::rights
