#include "restrict/rule.hpp"

#include "consent/consenting.hpp"
#include "pg/pg.hpp"
#include "restrict/judge.hpp"
#include "restrict/policy.hpp"
#include "restrict/set.hpp"
#include "subject/owner.hpp"

namespace gdpr::restriction {

namespace {

struct Cache {
    std::uint64_t epoch = 0, generation = 0;
    std::map<Oid, std::shared_ptr<const Rule>> rules;
};
Cache *cache = nullptr;

std::optional<Form> form_of(Oid relation, const std::string &column) {
    Oid type, collation;
    int32 typmod;
    pg::call(
        [&] { get_atttypetypmodcoll(relation, get_attnum(relation, column.c_str()), &type, &typmod, &collation); });
    return Form::of(type, collation);
}

bool same_form(Oid one, const std::string &column, Oid other, const std::string &other_column) {
    const std::optional<Form> left = form_of(one, column), right = form_of(other, other_column);
    return left && right && left->matches(*right);
}

/// The columns that a hop compares, one on each side; nothing where it compares several or only sometimes.
struct Sides {
    std::string owned, owner;
};
std::optional<Sides> sides_of(const subject::Hop &hop) {
    const subject::Edge &edge = hop.edge;
    if (edge.child_columns.size() != 1 || !edge.when.empty())
        return std::nullopt;
    const std::string &child = edge.child_columns.front(), &parent = edge.parent_columns.front();
    return hop.reversed() ? Sides{parent, child} : Sides{child, parent};
}

/// Of whom nothing is asked, or whose consent is.
consent::Asked asked(Oid subject, const Processing &processing) {
    return processing.purpose.empty() ? consent::Asked::nobody : consent::asked(subject, processing.purpose);
}

/// Those who are denied, and where consent is asked of some alone, those of them who do not consent.
std::shared_ptr<const Keys> denied_or_lacking(Oid subject, const Form &person, const Processing &processing) {
    std::shared_ptr<const Keys> all = denied(subject, person, processing.purpose);
    if (!all || asked(subject, processing) != consent::Asked::some)
        return all;
    const std::shared_ptr<const Keys> lacking = consent::lacking(subject, processing.purpose, person);
    if (!lacking || lacking->size() == 0)
        return lacking ? all : nullptr;
    auto both = std::make_shared<Keys>(*all);
    lacking->each([&](Datum key) { both->add_key(key); });
    return both;
}

Level level_of(const subject::Hop &hop, const Sides &sides, const std::string &next, const Form &form) {
    const auto number = [](Oid relation, const std::string &column) {
        return pg::call([&] { return get_attnum(relation, column.c_str()); });
    };
    Level level{hop.owner, sides.owner, next, form, number(hop.owner, next), nullptr};
    auto rows = std::make_shared<const pg::Lookup>(
        hop.owner, std::vector{number(hop.owner, sides.owner)},
        std::vector{pg::call([&] { return get_atttype(hop.owned, number(hop.owned, sides.owned)); })});
    if (rows->indexed())
        level.rows = std::move(rows);
    return level;
}

std::optional<Way> way_of(Oid relation, const subject::Path &path, const Rule &rule) {
    const std::vector<pg::Column> key = pg::primary_key(path.subject);
    if (path.recursive || key.size() != 1)
        return std::nullopt;
    std::string column = key.front().name; // of the relation itself
    std::vector<Level> levels;
    std::optional<Form> next = form_of(path.subject, column);
    // From the person downwards.
    for (auto hop = path.hops.rbegin(); hop != path.hops.rend(); ++hop) {
        const std::optional<Sides> sides = sides_of(*hop);
        if (!next || !sides || !same_form(hop->owned, sides->owned, hop->owner, sides->owner))
            return std::nullopt;
        if (hop->owner != path.subject || sides->owner != key.front().name)
            levels.insert(levels.begin(), level_of(*hop, *sides, column, *next));
        column = sides->owned;
        next = form_of(hop->owned, column);
    }
    const auto person = form_of(path.subject, key.front().name);
    const auto form = form_of(relation, column);
    const AttrNumber number = pg::call([&] { return get_attnum(relation, column.c_str()); });
    const auto place = std::find(rule.columns.begin(), rule.columns.end(), number);
    if (!person || !form || place == rule.columns.end())
        return std::nullopt;
    Way way{static_cast<std::size_t>(place - rule.columns.begin()),
            *form,
            path.subject,
            *person,
            denied_or_lacking(path.subject, *person, rule.processing),
            asked(path.subject, rule.processing) == consent::Asked::everyone,
            std::move(levels)};
    if (!way.denied)
        return std::nullopt;
    way.descent = cost_of_following(way);
    return way;
}

void require_columns(Oid relation, const std::vector<AttrNumber> &columns) {
    const std::vector<AttrNumber> needed = subject::owner_columns(relation);
    if (!std::all_of(needed.begin(), needed.end(), [&](AttrNumber column) {
            return std::find(columns.begin(), columns.end(), column) != columns.end();
        }))
        refuse_policy(relation);
}

void fill(Rule &rule, Oid relation) {
    const bool selective = !rule.processing.purpose.empty();
    // Nobody restricted and no purpose: not even the graph is needed.
    rule.all = !selective && (rule.processing.restricted || !anyone());
    if (rule.all)
        return;
    const Oid node = subject::node_of(relation);
    if (!OidIsValid(node))
        refuse_policy(relation);
    require_decided(node);
    const std::vector<subject::Path> paths = subject::graph().paths_to_subjects(node);
    rule.all = std::none_of(paths.begin(), paths.end(), [&](const auto &path) {
        return anyone_of(path.subject, rule.processing.purpose) ||
               asked(path.subject, rule.processing) != consent::Asked::nobody;
    });
    if (rule.all)
        return;
    require_columns(relation, rule.columns);
    for (const subject::Path &path : paths) {
        std::optional<Way> way = way_of(relation, path, rule);
        if (!way)
            return;
        rule.ways.push_back(std::move(*way));
    }
    rule.complete = true;
    rule.lasting = std::all_of(rule.ways.begin(), rule.ways.end(),
                               [](const Way &way) { return way.levels.empty() && !way.by_consent; });
}

} // namespace

std::shared_ptr<const Rule> rule_of(Oid relation, const std::vector<AttrNumber> &columns,
                                    const Processing &processing) {
    if (cache == nullptr)
        cache = new Cache;
    const std::uint64_t epoch = refresh(), generation = subject::generation();
    if (cache->epoch != epoch || cache->generation != generation) {
        cache->rules.clear();
        cache->epoch = epoch;
        cache->generation = generation;
    }
    const std::uint64_t consents = processing.purpose.empty() ? 0 : consent::consents_version();
    const auto known = cache->rules.find(relation);
    if (known != cache->rules.end() && known->second->processing == processing && known->second->columns == columns &&
        known->second->consents == consents)
        return known->second;
    auto fresh = std::make_shared<Rule>();
    fresh->consents = consents;
    fresh->columns = columns;
    fresh->processing = processing;
    fill(*fresh, relation);
    cache->rules[relation] = fresh;
    return fresh;
}

std::optional<bool> leads_to_denied(const Way &way, Datum value) {
    if (way.by_consent ||
        !std::all_of(way.levels.begin(), way.levels.end(), [](const Level &each) { return each.rows; }))
        return std::nullopt;
    const pg::NewestSnapshot newest(way.levels.front().owner);
    bool told = true;
    const std::function<bool(std::size_t, Datum)> denied = [&](std::size_t at, Datum key) {
        if (at == way.levels.size()) {
            return way.denied->contains(way.levels.back().form, key);
        }
        const Level &level = way.levels[at];
        bool any = false, found = false;
        level.rows->each({key}, newest.get(), [&](TupleTableSlot *row) {
            any = true;
            // A partition may have its columns in another order.
            told = told && row->tts_tableOid == level.owner;
            bool null;
            const Datum next = pg::call([&] { return slot_getattr(row, level.number, &null); });
            found = told && !null && denied(at + 1, next);
            return told && !found;
        });
        // A row that this very transaction took away is not found so, and tells whose the others are all the same.
        told = told && any;
        return found;
    };
    const bool found = denied(0, value);
    return found || told ? std::optional(found) : std::nullopt;
}

bool permitted(const subject::Subject &subject, const Processing &processing) {
    return !contains(subject, processing.purpose) &&
           (processing.purpose.empty() || consent::lawful(subject, processing.purpose));
}

double rows_of(Oid relation) {
    pg::Relation opened(relation, AccessShareLock);
    const float4 rows = opened.get()->rd_rel->reltuples;
    if (rows >= 0)
        return rows;
    // Never analysed; some fifty rows a page are as good a guess as any.
    return opened.kind() == RELKIND_RELATION ? 50.0 * pg::call([&] { return RelationGetNumberOfBlocks(opened.get()); })
                                             : 1000.0;
}

double permitted_part(const Rule &rule) {
    if (rule.all)
        return 1;
    double part = 1;
    std::set<Oid> subjects;
    for (const Way &way : rule.ways)
        subjects.insert(way.subject);
    for (const Oid subject : subjects) {
        const double people = std::max(rows_of(subject), 1.0);
        const double denied = static_cast<double>(count_of(subject, rule.processing.purpose));
        double allowed = people - denied;
        if (asked(subject, rule.processing) == consent::Asked::everyone)
            allowed = std::min(allowed, consent::consenting_estimate(subject, rule.processing.purpose));
        part *= std::clamp(allowed / people, 0.0001, 1.0);
    }
    return part;
}

} // namespace gdpr::restriction
