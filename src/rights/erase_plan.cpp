#include "rights/erase_plan.hpp"

#include "encrypted/literal.hpp"
#include "pg/pg.hpp"

namespace gdpr::rights {

namespace {

using subject::Hop;
using subject::Step;

/// What each relation's columns are blanked by; found once for each state of the graph.
const std::vector<Blank> &known_blanks(Oid relation, const label::Labels &labels) {
    static auto *known = new std::map<Oid, std::vector<Blank>>;
    static std::uint64_t generation = 0;
    if (generation != subject::generation())
        known->clear();
    generation = subject::generation();
    if (const auto found = known->find(relation); found != known->end())
        return found->second;
    return known->emplace(relation, blanks(relation, labels)).first->second;
}

/// The key is there, and the label says that it counts.
std::string points(const Hop &hop) {
    return filled(hop.edge.child_columns) + (hop.edge.when.empty() ? "" : " AND (" + hop.edge.when + ")");
}

} // namespace

Target::Target(const subject::Selection &selected, const Before &before)
    : selection(&selected), relation(selected.step.node), name(pg::relation_name(relation)),
      labels(label::of(relation)), blank(known_blanks(relation, labels)), params(selected.params),
      departing(selected.hop_conditions),
      anonymise(labels.table && labels.table->erase == label::TableLabel::Erase::anonymize),
      first_takes_all(labels.table && labels.table->erase == label::TableLabel::Erase::remove), again(before.ever()) {
    if (before.joined())
        todo = undone(blank);
    // A key that owns is the owner's, and goes with that row.
    for (std::size_t i = 0; i < departing.size(); i++)
        if (selection->step.hops[i].reversed())
            departing[i] = "false";
}

std::string Target::departs() const { return both(both(mine(), not_true(kept)), not_true(others)); }

Where Target::where(Fate fate) const {
    if (fate == Fate::keep)
        return {both(mine(), kept), params};
    std::string sql = both(mine(), not_true(kept));
    if (fate == Fate::leave) {
        sql = both(both(sql, others), todo);
        if (again) { // what was left before is not left again
            std::string leads = "false";
            for (const std::string &each : departing)
                leads += " OR (" + each + ")";
            sql = both(sql, leads);
        }
        return {sql, params};
    }
    sql = departs();
    if (fate == Fate::remove)
        return {both(sql, anonymise ? "false" : not_true(referenced)), params};
    if (!anonymise)
        sql = both(sql, referenced);
    return {again ? both(sql, undone(blank) + " OR " + cut + " OR " + due) : sql, params};
}

ErasePlan::ErasePlan(const subject::Collection &collection, const Before &before) : collection_(collection) {
    targets_.reserve(collection.selections().size());
    for (const subject::Selection &each : collection.selections())
        if (each.step.kind != Step::Kind::accessed)
            targets_.emplace_back(each, before);
    while (mark_others())
        ;
    for (Target &each : targets_)
        mark_kept(each);
    mark_due(before);
    while (mark_ways())
        ;
    spare_ways();
    read_references();
    for (const subject::Selection &each : collection.selections())
        if (each.step.kind == Step::Kind::accessed)
            find_accessed(each);
    find_pointing();
    while (mark_referenced())
        ;
    for (Target &each : targets_)
        mark_cuts(each);
    refuse_pointing();
    refuse_uncuttable();
    count();
}

Target *ErasePlan::target(Oid relation) noexcept {
    const auto found =
        std::find_if(targets_.begin(), targets_.end(), [&](const Target &each) { return each.relation == relation; });
    return found == targets_.end() ? nullptr : &*found;
}

const Target *ErasePlan::target(Oid relation) const noexcept { return const_cast<ErasePlan *>(this)->target(relation); }

/// One round over all relations, parents first; true while a relation that owns itself may still change its mind.
bool ErasePlan::mark_others() {
    bool grew = false;
    for (Target &each : targets_) {
        const Step &step = each.selection->step;
        if (!step.shared || each.selection->rows == 0)
            continue;
        const auto shared_rows = [&] {
            return step.recursive ? count_rows(each.relation, each.with(both(each.mine(), each.others))) : 0;
        };
        const std::uint64_t before = shared_rows();
        std::vector<pg::Param> params = each.selection->params;
        std::string others = "false";
        const auto add = [&](const Hop &hop) {
            if (const std::string condition = another_owner(each, hop, params); condition != "false")
                others += " OR (" + condition + ")";
        };
        if (!each.first_takes_all)
            for (const Hop &hop : subject::graph().owners(each.relation))
                add(hop);
        for (const Hop &hop : subject::graph().impersonal_owners(each.relation))
            add(hop);
        each.others = others;
        each.params = params;
        grew = grew || shared_rows() != before;
    }
    return grew;
}

/// Rows of the target that someone else owns by this key.
std::string ErasePlan::another_owner(Target &owned, const Hop &hop, std::vector<pg::Param> &params) {
    const auto &hops = owned.selection->step.hops;
    const auto place = static_cast<std::size_t>(std::find(hops.begin(), hops.end(), hop) - hops.begin());
    const bool walked = place < hops.size();
    const Target *owner = walked ? target(hop.owner) : nullptr;
    if (hop.reversed()) {
        const Columns &key = hop.edge.parent_columns;
        std::vector<pg::Param> theirs;
        if (owner != nullptr)
            theirs = owner->params;
        std::string pointing =
            one_of(hop.owner, hop.edge.child_columns, keys_of(owned.relation, key, owned.with(owned.mine())), theirs);
        if (owner != nullptr)
            pointing += " AND (" + not_true(owner->mine()) + " OR (" + owner->others + "))";
        if (!hop.edge.when.empty())
            pointing += " AND (" + hop.edge.when + ")";
        pointing = both(pointing, not_true(left_to_nobody(hop.owner)));
        return one_of(owned.relation, key, keys_of(hop.owner, hop.edge.child_columns, {pointing, theirs}), params);
    }
    if (!walked)
        return living(owned, hop, points(hop), params);
    const std::string &own = owned.selection->hop_conditions[place];
    std::string shared = "false";
    if (owner->others != "false")
        shared = one_of(owned.relation, hop.edge.child_columns,
                        keys_of(owner->relation, hop.edge.parent_columns,
                                owner->with(owner->mine() + " AND (" + owner->others + ")")),
                        params);
    owned.departing[place] = both("(" + own + ")", not_true(shared));
    const std::string elsewhere = living(owned, hop, points(hop) + " AND " + not_true(own), params);
    return shared == "false" ? elsewhere : "((" + own + ") AND " + shared + ") OR (" + elsewhere + ")";
}

/// Rows that an earlier erasure left without values and without an owner.
std::string ErasePlan::left_to_nobody(Oid relation) const {
    const Target *known = target(relation);
    if (known == nullptr || !known->again || known->blank.empty() || subject::is_subject(relation))
        return "false";
    std::string sql = not_true(undone(known->blank));
    for (const Hop &hop : subject::graph().owners(relation)) {
        if (hop.reversed())
            return "false";
        sql += " AND " + not_true(filled(hop.edge.child_columns));
    }
    return sql;
}

/// A key that no foreign key upholds may lead to nobody, and any to what was erased.
std::string ErasePlan::living(const Target &owned, const Hop &hop, const std::string &condition,
                              std::vector<pg::Param> &params) const {
    const std::string nobodys = left_to_nobody(hop.owner);
    if (subject::upheld(hop.edge) && nobodys == "false")
        return condition;
    std::vector<pg::Param> theirs;
    const std::string named =
        one_of(hop.owner, hop.edge.parent_columns,
               keys_of(owned.relation, hop.edge.child_columns, owned.with(owned.mine() + " AND " + condition)), theirs);
    return both(condition,
                one_of(owned.relation, hop.edge.child_columns,
                       keys_of(hop.owner, hop.edge.parent_columns, {both(named, not_true(nobodys)), theirs}), params));
}

void ErasePlan::mark_kept(Target &each) {
    if (!each.labels.table || !each.labels.table->keep)
        return;
    const label::Keep &keep = *each.labels.table->keep;
    const AttrNumber number = pg::call([&] { return get_attnum(each.relation, keep.column.c_str()); });
    if (number == InvalidAttrNumber)
        pg::raise(ERRCODE_UNDEFINED_COLUMN, "column " + pg::quote(keep.column) + " of " + each.name + " does not exist",
                  "The table's label names it in keep(…).", "Correct the label.");
    const Oid type = travelling_type(each.relation, keep.column);
    each.until = "(t." + pg::quote(keep.column) + "::" + pg::type_name(type) + " + " +
                 pg::quote_literal(keep.interval) + "::pg_catalog.interval)";
    each.kept = each.until + " > pg_catalog.now()";
}

/// What was kept was never blanked, however much it looks it. Where nothing is kept any longer all that once might have
/// been is due: the time may have been changed since.
void ErasePlan::mark_due(const Before &before) {
    if (!before.at)
        return;
    const bool over = before.retained && std::none_of(targets_.begin(), targets_.end(), [](const Target &each) {
                          return count_rows(each.relation, each.with(both(each.mine(), each.kept))) > 0;
                      });
    for (Target &each : targets_) {
        if (each.until.empty())
            continue;
        if (over) {
            each.due = each.todo = "true";
            continue;
        }
        each.params.push_back(pg::param(TIMESTAMPTZOID, TimestampTzGetDatum(*before.at)));
        each.due = "(" + each.until + " > $" + std::to_string(each.params.size()) + ")";
        if (each.todo != "true")
            each.todo = "(" + each.todo + " OR " + each.due + ")";
    }
}

/// One round, children first. What leads from the person to a kept row stays and keeps its keys until the time is over,
/// else nobody would know then whose the row is. True while rows that own one another may still lead to more.
bool ErasePlan::mark_ways() {
    std::map<Oid, std::string> ways;
    std::map<Oid, std::vector<pg::Param>> params;
    for (const Target &each : targets_)
        params[each.relation] = each.params;
    const auto take = [&](Target &owner) {
        if (const auto found = ways.find(owner.relation); found != ways.end()) {
            owner.way = "(" + found->second + ")";
            owner.params = params[owner.relation];
        }
    };
    for (auto child = targets_.rbegin(); child != targets_.rend(); ++child) {
        const Step &step = child->selection->step;
        if (!step.recursive)
            take(*child);
        if (child->selection->rows == 0 || (child->kept == "false" && child->way == "false"))
            continue;
        for (std::size_t i = 0; i < step.hops.size(); i++) {
            const Hop &hop = step.hops[i];
            const bool reversed = hop.reversed();
            const Keys keys = keys_of(child->relation, reversed ? hop.edge.parent_columns : hop.edge.child_columns,
                                      child->with(child->needed(i, collection_)));
            if (!any(keys))
                continue;
            std::string leads =
                one_of(hop.owner, reversed ? hop.edge.child_columns : hop.edge.parent_columns, keys, params[hop.owner]);
            if (reversed && !hop.edge.when.empty())
                leads += " AND (" + hop.edge.when + ")";
            std::string &way = ways[hop.owner];
            way += (way.empty() ? "(" : " OR (") + leads + ")";
        }
    }
    bool grew = false;
    for (Target &each : targets_)
        if (each.selection->step.recursive && each.selection->rows > 0) {
            const auto reached = [&] { return count_rows(each.relation, each.with(both(each.mine(), each.way))); };
            const std::uint64_t before = reached();
            take(each);
            grew = grew || reached() != before;
        }
    return grew;
}

std::string Target::needed(std::size_t hop, const subject::Collection &collection) const {
    std::string hold = kept;
    if (way != "false")
        hold = kept == "false" ? way : "(" + kept + ") OR " + way;
    if (hold == "false")
        return hold;
    const auto &hops = selection->step.hops;
    std::string sql = "(" + selection->hop_conditions[hop] + ") AND (" + hold + ")";
    const auto direct = [&](std::size_t i) { return collection.is_of(hops[i].owner) && !hops[i].reversed(); };
    for (std::size_t i = 0; i < hops.size(); i++)
        if (direct(i) && (i < hop || !direct(hop)))
            sql += " AND " + not_true(selection->hop_conditions[i]);
    return sql;
}

/// Rows of other owners, too, keep the keys that tell whose a kept row is.
void ErasePlan::spare_ways() {
    for (Target &each : targets_)
        for (std::size_t i = 0; each.way != "false" && i < each.departing.size(); i++)
            each.departing[i] = both(each.departing[i], not_true(each.needed(i, collection_)));
}

void ErasePlan::refuse_uncuttable() const {
    for (const Target &each : targets_) {
        if (each.others == "false")
            continue;
        const auto &hops = each.selection->step.hops;
        for (std::size_t i = 0; i < hops.size(); i++)
            if (!hops[i].reversed() && guarded(hops[i]) &&
                cuttable(each.relation, hops[i].edge.child_columns).empty() &&
                count_rows(each.relation,
                           each.with(each.where(Target::Fate::leave).sql + " AND (" + each.departing[i] + ")")) > 0)
                pg::raise(
                    ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                    "rows of " + each.name + " have another owner, and their key to this person cannot be null",
                    "The key is (" + column_list(hops[i].edge.child_columns) + ").",
                    "Drop NOT NULL from one of its columns, or label the table erase(delete): then a row goes with "
                    "the first of its owners; or label it so that rows have one, the other key being accessed(…).");
    }
}

void ErasePlan::count() {
    std::map<std::pair<std::string, std::string>, Line> lines;
    const auto add = [&](Oid relation, const std::string &action, std::uint64_t rows) {
        if (rows == 0)
            return;
        Line &line = lines[{pg::relation_name(relation), action}];
        line = {relation, action, line.rows + rows};
    };
    for (Target &each : targets_) {
        if (each.selection->rows == 0)
            continue;
        using Fate = Target::Fate;
        std::vector<std::string> conditions;
        std::vector<std::uint64_t *> places;
        for (const Fate fate : {Fate::leave, Fate::blank, Fate::remove}) {
            const Where where = each.where(fate);
            std::uint64_t &rows = each.rows[fate] = where.sql == each.mine() ? each.selection->rows : 0;
            if (where.sql == each.mine() || where.sql == "false")
                continue;
            conditions.push_back(where.sql);
            places.push_back(&rows);
        }
        const std::vector<std::uint64_t> counts = count_each(each.relation, each.with(each.mine()), conditions);
        for (std::size_t i = 0; i < counts.size(); i++)
            *places[i] = counts[i];
        add(each.relation, "leave to other owners", each.rows[Fate::leave]);
        add(each.relation, "anonymize", each.rows[Fate::blank]);
        add(each.relation, "delete", each.rows[Fate::remove]);
        if (each.kept == "false")
            continue;
        const label::Keep &keep = *each.labels.table->keep;
        const pg::OwnerScope scope(each.relation);
        pg::Spi spi;
        const Where where = each.where(Fate::keep);
        const pg::Rows days = spi.run_again(
            "SELECT CASE WHEN pg_catalog.isfinite(u::pg_catalog.date)"
            "  THEN pg_catalog.to_char(u::pg_catalog.date, 'YYYY-MM-DD') ELSE 'infinity' END,"
            "  pg_catalog.count(*) FROM (SELECT " +
                each.until + " AS u FROM " + each.name + " AS t WHERE " + where.sql + ") AS k GROUP BY 1 ORDER BY 1",
            where.params);
        for (std::uint64_t row = 0; row < days.size(); row++) {
            const std::string day = days.text_or(row, 1);
            kept_until_ = std::max(kept_until_, day);
            if (!each.again)
                add(each.relation, "keep until " + day + " (" + std::string(label::to_string(keep.ground)) + ")",
                    static_cast<std::uint64_t>(days.number(row, 2)));
        }
    }
    for (const Unlink &each : unlinks_)
        if (each.kept.empty())
            add(each.relation, each.cuts.empty() ? "anonymize" : "unlink", each.rows);
        else if (!targets_.front().again)
            add(each.relation, each.kept, each.rows);
    for (const auto &[key, line] : lines)
        lines_.push_back(line);
}

std::set<Identifier> ErasePlan::identifiers() const {
    std::set<Identifier> out;
    for (const Target &each : targets_)
        for (const label::LabelledColumn &column : each.labels.columns) {
            if (!column.label.identifier || each.selection->rows == 0)
                continue;
            const Oid type = travelling_type(each.relation, column.name);
            const std::string name = "t." + pg::quote(column.name);
            const auto blanked = std::find_if(each.blank.begin(), each.blank.end(),
                                              [&](const Blank &blank) { return blank.column == column.name; });
            const encrypted::PlainOutput plain;
            const pg::OwnerScope scope(each.relation);
            pg::Spi spi;
            const pg::Rows rows = spi.run_again(
                "SELECT DISTINCT " + name + "::" + pg::type_name(type) + "::pg_catalog.text FROM " + each.name +
                    " AS t WHERE " + each.mine() + " AND " + not_true(each.others) + " AND " + name + " IS NOT NULL" +
                    (blanked == each.blank.end() ? "" : " AND " + not_true(blanked->done)),
                each.params);
            for (std::uint64_t row = 0; row < rows.size(); row++)
                if (Identifier one = identifier(rows.text_or(row, 1)); !one.value.empty())
                    out.insert(std::move(one));
        }
    return out;
}

} // namespace gdpr::rights
