#include "gate/rules.hpp"

#include "pg/pg.hpp"

namespace gdpr::gate {

Quick quick;

namespace {

constexpr std::array words{"show", "mask", "hide", "deny"};

struct Rule {
    Oid relation = InvalidOid; // of a rule for one column; else the class
    std::string column;
    Class data_class = Class::none;
    std::string channel;
    Action action = Action::show;
};

struct Rules {
    std::vector<Rule> rules;
    std::vector<std::pair<Oid, std::string>> assigned; // roles and their channels
    bool readable = true;                              // is there nothing in them that is not known?
    std::string content;                               // all of it and the labels, to tell whether anything changed
    std::map<std::pair<std::set<std::string>, bool>, Sight> sights;
};

/// The channel of whoever is assigned to none.
constexpr const char *default_channel = "internal";

Rules *rules = nullptr;
std::uint64_t version = 1;
std::uint32_t sights_made = 0;

// Callbacks of invalidation only mark.
bool valid = false;
std::array<Oid, 2> tables{};
bool roles_valid = false;

struct Identity {
    Oid session = InvalidOid, outer = InvalidOid, current = InvalidOid;
    const Sight *sight = nullptr;
};
std::array<Identity, 4> identities{}; // the latest; functions of SECURITY DEFINER alternate
std::size_t next_identity = 0;
Oid session_seen = InvalidOid, outer_seen = InvalidOid;

void relation_changed(Oid relation) {
    // Without the tables, whatever changes may be their creation.
    const bool installed = OidIsValid(tables[0]);
    const bool ours = relation == InvalidOid || relation == SecLabelRelationId ||
                      std::find(tables.begin(), tables.end(), relation) != tables.end();
    if (!ours && installed)
        return;
    valid = quick.none = false;
    if (relation != InvalidOid && installed && (in_use() || relation != SecLabelRelationId))
        ResetPlanCache();
}

void roles_changed(Datum, int, uint32) {
    roles_valid = false;
    if (in_use())
        ResetPlanCache();
}

std::optional<Action> action_named(const std::string &name) {
    const auto found = std::find(words.begin(), words.end(), name);
    return found != words.end() ? std::optional(static_cast<Action>(found - words.begin())) : std::nullopt;
}

Class class_named(const std::string &name) {
    return name == "personal" ? Class::personal : name == "sensitive" ? Class::sensitive : Class::none;
}

/// Visits the rows of a table of ours, below privileges: visit(column name → text or nullopt).
template <typename Visit> void each_row(Oid relation, Visit visit) {
    pg::Relation opened(relation, AccessShareLock);
    const pg::NewestSnapshot snapshot(relation);
    TupleTableSlot *slot = pg::call([&] { return table_slot_create(opened.get(), nullptr); });
    TableScanDesc scan = pg::call([&] { return table_beginscan(opened.get(), snapshot.get(), 0, nullptr); });
    while (pg::call([&] { return table_scan_getnextslot(scan, ForwardScanDirection, slot); }))
        visit([&](const char *column) {
            return pg::call([&] {
                NullableDatum out;
                out.value = slot_getattr(slot, get_attnum(relation, column), &out.isnull);
                return out;
            });
        });
    pg::call([&] {
        table_endscan(scan);
        ExecDropSingleTupleTableSlot(slot);
    });
}

/// All labels as they are written: a changed one makes open cursors stale, whatever it says.
std::string all_labels() {
    std::string out;
    pg::Relation catalog(SecLabelRelationId, AccessShareLock);
    SysScanDesc scan =
        pg::call([&] { return systable_beginscan(catalog.get(), InvalidOid, false, nullptr, 0, nullptr); });
    while (HeapTuple tuple = pg::call([&] { return systable_getnext(scan); })) {
        const auto *row = reinterpret_cast<FormData_pg_seclabel *>(GETSTRUCT(tuple));
        const Datum text = pg::call([&] {
            bool null;
            return heap_getattr(tuple, Anum_pg_seclabel_label, catalog.descriptor(), &null);
        });
        out += std::to_string(row->objoid) + '.' + std::to_string(row->objsubid) + ' ' + pg::to_string(text) + '\n';
    }
    pg::call([&] { systable_endscan(scan); });
    return out;
}

std::string name_of(NullableDatum value) { return NameStr(*DatumGetName(value.value)); }

std::unique_ptr<Rules> read() {
    auto fresh = std::make_unique<Rules>();
    tables = {pg::gdpr_relation("gate_rule"), pg::gdpr_relation("channel_role")};
    if (!OidIsValid(tables[0]) || !OidIsValid(tables[1]))
        return fresh;
    pg::TemporaryContext context("gdpr gates");
    each_row(tables[0], [&](auto value) {
        Rule rule;
        rule.channel = pg::to_string(value("channel").value);
        const std::optional<Action> action = action_named(pg::to_string(value("action").value));
        rule.action = action.value_or(Action::deny);
        if (const NullableDatum name = value("class"); !name.isnull) {
            rule.data_class = class_named(pg::to_string(name.value));
            fresh->readable = fresh->readable && rule.data_class != Class::none;
        } else {
            rule.relation = DatumGetObjectId(value("relation").value);
            rule.column = name_of(value("column_name"));
        }
        fresh->readable = fresh->readable && action.has_value();
        fresh->content += std::to_string(rule.relation) + '.' + rule.column + ' ' +
                          std::to_string(static_cast<int>(rule.data_class)) + (fresh->readable ? "" : "?") + ' ' +
                          rule.channel + ' ' + word(rule.action) + '\n';
        fresh->rules.push_back(std::move(rule));
    });
    if (fresh->rules.empty())
        return fresh;
    each_row(tables[1], [&](auto value) {
        fresh->assigned.emplace_back(DatumGetObjectId(value("role").value), pg::to_string(value("channel").value));
        fresh->content += std::to_string(fresh->assigned.back().first) + '=' + fresh->assigned.back().second + '\n';
    });
    fresh->content += all_labels();
    return fresh;
}

void forget_identities() {
    identities = {};
    roles_valid = true;
}

void load() {
    if (valid)
        return;
    // An invalidation that arrives while we read undoes this.
    valid = true;
    try {
        std::unique_ptr<Rules> fresh = read();
        if (rules == nullptr || rules->content != fresh->content || rules->rules.size() != fresh->rules.size()) {
            delete rules;
            rules = fresh.release();
            version++;
            forget_identities();
        }
        quick.in_use = !rules->rules.empty();
        quick.none = valid && !quick.in_use;
    } catch (...) {
        // Nothing may be planned by what is not known.
        valid = false;
        throw;
    }
}

/// The channels of one role: those of every role that it is a member of, whether it inherits from them or not.
void add_channels(Oid role, std::set<std::string> &channels) {
    if (pg::call([&] { return superuser_arg(role); }))
        return;
    bool assigned = false;
    for (const auto &each : rules->assigned)
        if (pg::call([&] { return is_member_of_role_nosuper(role, each.first); })) {
            channels.insert(each.second);
            assigned = true;
        }
    if (assigned)
        return;
    // Who makes the dumps and copies may read: one with holes would be found out by whoever restores it.
    const bool copies = pg::call([&] {
        const Oid group = get_role_oid("gdpr_backup", true);
        return has_rolreplication(role) || (OidIsValid(group) && is_member_of_role_nosuper(role, group));
    });
    if (!copies)
        channels.insert(default_channel);
}

/// Who carries out the rights, and who watches over it.
bool is_to_read_records(Oid role) {
    const auto among = [&](const char *group) {
        return pg::call([&] {
            const Oid id = get_role_oid(group, true);
            return OidIsValid(id) && is_member_of_role_nosuper(role, id);
        });
    };
    return pg::call([&] { return superuser_arg(role); }) || among("gdpr_officer") || among("gdpr_auditor");
}

const Sight &sight_of(const std::set<std::string> &channels, bool reads_records) {
    const auto [found, fresh] = rules->sights.try_emplace({channels, reads_records});
    Sight &sight = found->second;
    if (!fresh)
        return sight;
    sight.channels = channels;
    sight.reads_records = reads_records;
    sight.id = ++sights_made;
    for (const Rule &rule : rules->rules)
        if (channels.contains(rule.channel)) {
            sight.gated = sight.gated || rule.action != Action::show;
            sight.denies = sight.denies || rule.action == Action::deny;
        }
    return sight;
}

/// The rule of a class in a channel. Sensitive data is personal data: without a rule of its own, that of the class
/// personal holds.
const Rule *class_rule(Class data_class, const std::string &channel) {
    const Rule *found = nullptr;
    for (const Rule &rule : rules->rules) {
        if (OidIsValid(rule.relation) || rule.channel != channel)
            continue;
        if (rule.data_class == data_class)
            return &rule;
        if (data_class == Class::sensitive)
            found = &rule;
    }
    return found;
}

/// A record may hold what the strictest of the channel's rules is about.
const Rule *strictest_rule(const std::string &channel) {
    const Rule *found = nullptr;
    for (const Rule &rule : rules->rules)
        if (rule.channel == channel && (found == nullptr || rule.action > found->action))
            found = &rule;
    return found;
}

const Rule *rule_of_column(Oid relation, const std::string &column, const std::string &channel) {
    for (const Rule &rule : rules->rules)
        if (OidIsValid(relation) && rule.relation == relation && rule.channel == channel && rule.column == column)
            return &rule;
    return nullptr;
}

const Rule *column_rule(const Origin &origin, const std::string &channel) {
    const Rule *rule = rule_of_column(origin.follower, origin.follower_column, channel);
    return rule != nullptr ? rule : rule_of_column(origin.relation, origin.column, channel);
}

std::string in_words(const Rule &rule) {
    const std::string of = OidIsValid(rule.relation) ? pg::relation_name(rule.relation) + '.' + pg::quote(rule.column)
                           : rule.data_class == Class::personal ? "personal"
                                                                : "sensitive";
    return std::string(word(rule.action)) + " " + of + " in " + rule.channel;
}

} // namespace

const char *word(Action action) noexcept { return words[static_cast<std::size_t>(action)]; }

Verdict Sight::verdict(const Origin &origin) const {
    Verdict strictest;
    if (origin.record && reads_records)
        return strictest;
    for (const std::string &channel : channels) {
        const Rule *rule = column_rule(origin, channel);
        if (rule == nullptr && origin.record)
            rule = strictest_rule(channel);
        else if (rule == nullptr && origin.data_class != Class::none)
            rule = class_rule(origin.data_class, channel);
        if (rule != nullptr && rule->action > strictest.action)
            strictest = {rule->action, in_words(*rule)};
    }
    return strictest;
}

Verdict Sight::verdict(const std::vector<Origin> &origins) const {
    Verdict strictest;
    for (const Origin &origin : origins)
        if (Verdict each = verdict(origin); each.action > strictest.action)
            strictest = std::move(each);
    return strictest;
}

bool any_rules() {
    // A statement that takes no new lock has not looked at the messages of other sessions yet.
    pg::call([] { AcceptInvalidationMessages(); });
    load();
    if (!in_use() || rules->readable)
        return in_use();
    // Superusers, whom no rule concerns, must be able to mend what is there.
    for (const Oid role : std::set<Oid>{GetSessionUserId(), GetOuterUserId(), GetUserId()})
        if (!pg::call([&] { return superuser_arg(role); }))
            pg::raise(ERRCODE_DATA_CORRUPTED, "the gates of this database cannot be read",
                      "A rule has a class or an action that this version does not know.",
                      "Update the extension, or let a superuser mend gdpr.gate_rule.");
    return false;
}

bool known_free() {
    if (!valid || rules == nullptr)
        return false;
    if (rules->rules.empty())
        return true;
    notice_roles();
    if (!roles_valid || !rules->readable)
        return false;
    const Oid session = GetSessionUserId(), outer = GetOuterUserId(), current = GetUserId();
    for (const Identity &each : identities)
        if (each.sight != nullptr && each.session == session && each.outer == outer && each.current == current)
            return !each.sight->gated;
    return false;
}

bool surely_free() {
    const TimestampTz now = GetCurrentStatementStartTimestamp();
    // The transaction that began with the client's statement has just looked at the messages.
    if (quick.accepted == now || GetCurrentTransactionStartTimestamp() != now)
        AcceptInvalidationMessages();
    quick.accepted = now;
    return known_free();
}

std::vector<std::string> columns_named(Oid relation) {
    std::vector<std::string> out;
    for (const Rule &rule : rules->rules)
        if (rule.relation == relation && std::find(out.begin(), out.end(), rule.column) == out.end())
            out.push_back(rule.column);
    return out;
}

std::set<Oid> relations_named() {
    std::set<Oid> out;
    for (const Rule &rule : rules->rules)
        if (OidIsValid(rule.relation))
            out.insert(rule.relation);
    return out;
}

std::set<std::string> channels() {
    std::set<std::string> out;
    for (const Rule &rule : rules->rules)
        out.insert(rule.channel);
    return out;
}

const Sight &sight_in(const std::string &channel) { return sight_of({channel}, false); }

const Sight &sight_of_role(Oid role) {
    std::set<std::string> of_role;
    add_channels(role, of_role);
    return sight_of(of_role, is_to_read_records(role));
}

const Sight &sight() {
    notice_roles();
    if (!roles_valid)
        forget_identities();
    const Identity now{GetSessionUserId(), GetOuterUserId(), GetUserId(), nullptr};
    for (const Identity &each : identities)
        if (each.sight != nullptr && each.session == now.session && each.outer == now.outer &&
            each.current == now.current)
            return *each.sight;
    std::set<std::string> channels;
    bool reads_records = true;
    for (const Oid role : std::set<Oid>{now.session, now.outer, now.current}) {
        add_channels(role, channels);
        reads_records = reads_records && is_to_read_records(role);
    }
    Identity &place = identities[next_identity++ % identities.size()];
    place = now;
    place.sight = &sight_of(channels, reads_records);
    return *place.sight;
}

void notice_changed_roles() noexcept {
    if (session_seen == GetSessionUserId() && outer_seen == GetOuterUserId())
        return;
    session_seen = GetSessionUserId();
    outer_seen = GetOuterUserId();
    ResetPlanCache();
}

std::uint64_t rules_version() noexcept { return version; }

void init_rules() {
    pg::call([] {
        CacheRegisterSyscacheCallback(AUTHOID, roles_changed, 0);
        CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, roles_changed, 0);
    });
    pg::on_relation_change(relation_changed);
}

} // namespace gdpr::gate
