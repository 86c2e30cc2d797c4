#include "restrict/set.hpp"

#include "encrypted/value.hpp"
#include "pg/pg.hpp"

#include <unordered_map>

namespace gdpr::restriction {

namespace {

/// Above this many people the set stays in the table, and each question is an index probe.
constexpr std::size_t kept_at_most = 100000;

/// The table that a row of ours is about, and the purpose; empty for a restriction, which is about all.
using About = std::pair<Oid, std::string>;
/// Until when each key is denied.
using Denials = std::unordered_map<std::string, TimestampTz>;

struct Row {
    Oid table;
    Datum key;
    TimestampTz until;
    text *purpose; // null for a restriction
    bool automated;
};

/// One of the two tables: restrictions end at `until`, objections when they are overruled.
class Source {
  public:
    Source(const char *name, const char *end, const char *purpose)
        : relation_(pg::gdpr_relation(name)), by_purpose_(purpose != nullptr) {
        if (!OidIsValid(relation_))
            return;
        table_ = number("subject_table");
        key_ = number("key");
        end_ = number(end);
        if (by_purpose_)
            purpose_ = number(purpose), automated_ = number("automated");
        key_type_ = pg::call([&] { return get_atttype(relation_, key_); });
    }

    Oid relation() const noexcept { return relation_; }

    /// The row in a slot, and whether it is in force.
    std::optional<Row> row(TupleTableSlot *slot, TimestampTz now) const {
        bool in_force = true;
        const Row row = pg::call([&] {
            bool null;
            Row out{};
            out.table = DatumGetObjectId(slot_getattr(slot, table_, &null));
            out.key = slot_getattr(slot, key_, &null);
            const Datum end = slot_getattr(slot, end_, &null);
            out.until = null || by_purpose_ ? DT_NOEND : DatumGetTimestampTz(end);
            in_force = by_purpose_ ? null : out.until > now;
            if (by_purpose_) {
                out.purpose = DatumGetTextPP(slot_getattr(slot, purpose_, &null));
                out.automated = DatumGetBool(slot_getattr(slot, automated_, &null));
            }
            return out;
        });
        return in_force ? std::optional<Row>(row) : std::nullopt;
    }

    About about(const Row &row) const {
        if (!by_purpose_)
            return {row.table, {}};
        return {row.table, pg::to_string(PointerGetDatum(row.purpose)) +
                               std::string(row.automated ? automated_suffix : std::string_view())};
    }

    std::string key(const Row &row) const {
        return pg::to_string(pg::call([&] { return encrypted::open(encrypted::type_of(key_type_), row.key); }));
    }

    bool probe(const subject::Subject &subject, const std::string &purpose, TimestampTz now) const {
        if (!lookup_)
            lookup_ =
                std::make_unique<pg::Lookup>(relation_, std::vector{table_, key_}, std::vector<Oid>{OIDOID, TEXTOID});
        const pg::NewestSnapshot snapshot(relation_);
        bool found = false;
        lookup_->each({ObjectIdGetDatum(subject.table), pg::text_datum(subject.key)}, snapshot.get(),
                      [&](TupleTableSlot *slot) {
                          const std::optional<Row> each = row(slot, now);
                          found = each && about(*each).second == purpose;
                          return !found;
                      });
        return found;
    }

  private:
    // Looked up by name: the table belongs to the extension, and a later version may order the columns anew.
    AttrNumber number(const char *name) const {
        return pg::call([&] { return get_attnum(relation_, name); });
    }

    Oid relation_;
    bool by_purpose_;
    AttrNumber table_ = 0, key_ = 0, end_ = 0, purpose_ = 0, automated_ = 0;
    Oid key_type_ = InvalidOid;
    mutable std::unique_ptr<pg::Lookup> lookup_;
};

struct Set {
    Source restrictions{"restriction", "until", nullptr};
    Source objections{"objection", "overruled_at", "purpose"};
    std::map<About, Denials> people;
    std::set<About> large_of; // with anyone, when the set is large
    bool large = false;
    TimestampTz next_lapse = DT_NOEND;
    std::map<std::tuple<Oid, Oid, std::string>, std::shared_ptr<const Keys>> keys; // by table, form and purpose
};

Set *set = nullptr;
std::uint64_t epoch = 1;
TimestampTz statement = 0;
// The invalidation callback only marks; it may neither look anything up nor free.
std::array<Oid, 4> watched{};
bool valid = false;

void relation_changed(Oid relation) {
    if (!OidIsValid(relation) || std::find(watched.begin(), watched.end(), relation) != watched.end())
        valid = false;
}

/// What is compared with `until`: it moves on in a long transaction, and is the same in all workers of a query.
TimestampTz now() { return GetCurrentStatementStartTimestamp(); }

/// Reads a table, below privileges and row security, to its end; keys are kept only while they are few.
void read(Set &into, const Source &source) {
    if (!OidIsValid(source.relation()))
        return;
    pg::Relation opened(source.relation(), AccessShareLock);
    const pg::NewestSnapshot snapshot(source.relation());
    TupleTableSlot *slot = pg::call([&] { return table_slot_create(opened.get(), nullptr); });
    TableScanDesc scan = pg::call([&] { return table_beginscan(opened.get(), snapshot.get(), 0, nullptr); });
    std::size_t count = 0;
    while (pg::call([&] { return table_scan_getnextslot(scan, ForwardScanDirection, slot); })) {
        const std::optional<Row> row = source.row(slot, now());
        if (!row)
            continue;
        const About about = source.about(*row);
        into.large_of.insert(about);
        if (into.large)
            continue;
        TimestampTz &until = into.people[about][source.key(*row)];
        until = std::max(until, row->until);
        into.large = ++count > kept_at_most;
    }
    pg::call([&] {
        table_endscan(scan);
        ExecDropSingleTupleTableSlot(slot);
    });
}

/// When the first of them ends.
TimestampTz next_lapse(const Set &of) {
    TimestampTz next = DT_NOEND;
    for (const auto &[about, denials] : of.people)
        for (const auto &[key, until] : denials)
            next = std::min(next, until);
    return next;
}

void load() {
    auto fresh = std::make_unique<Set>();
    watched = {fresh->restrictions.relation(), fresh->objections.relation(), pg::gdpr_relation("purpose"),
               pg::gdpr_relation("role_purpose")};
    // An invalidation that arrives while we read undoes this.
    valid = true;
    try {
        pg::TemporaryContext context("gdpr restriction");
        read(*fresh, fresh->restrictions);
        read(*fresh, fresh->objections);
    } catch (...) {
        valid = false;
        throw;
    }
    if (fresh->large)
        fresh->people.clear();
    fresh->next_lapse = next_lapse(*fresh);
    delete set;
    set = fresh.release();
    epoch++;
}

/// Restrictions lapse from one statement to the next.
void lapse() {
    for (auto &[about, denials] : set->people)
        std::erase_if(denials, [](const auto &each) { return each.second <= now(); });
    std::erase_if(set->people, [](const auto &each) { return each.second.empty(); });
    set->next_lapse = next_lapse(*set);
    set->keys.clear();
    epoch++;
}

bool any(const About &about) { return set->large ? set->large_of.contains(about) : set->people.contains(about); }

const Denials *denials(const About &about) {
    const auto found = set->people.find(about);
    return found != set->people.end() ? &found->second : nullptr;
}

} // namespace

std::uint64_t refresh() {
    if (statement != now())
        return refresh_now();
    if (!valid)
        load();
    return epoch;
}

std::uint64_t refresh_now() {
    // A statement that takes no new lock, such as FETCH, has not looked at the messages of other sessions yet.
    pg::call([] { AcceptInvalidationMessages(); });
    statement = now();
    if (!valid)
        load();
    else if (set->next_lapse <= statement)
        lapse();
    return epoch;
}

bool anyone() {
    const auto restriction = [](const About &about) { return about.second.empty(); };
    return std::any_of(set->people.begin(), set->people.end(),
                       [&](const auto &each) { return restriction(each.first); }) ||
           std::any_of(set->large_of.begin(), set->large_of.end(),
                       [&](const auto &each) { return set->large && restriction(each); });
}

bool anyone_of(Oid subject_table, const std::string &purpose) {
    return any({subject_table, {}}) || (!purpose.empty() && any({subject_table, purpose}));
}

bool contains(const subject::Subject &subject, const std::string &purpose) {
    if (set->large)
        return set->restrictions.probe(subject, {}, now()) ||
               (!purpose.empty() && set->objections.probe(subject, purpose, now()));
    const auto denied = [&](const std::string &to) {
        const Denials *found = denials({subject.table, to});
        return found != nullptr && found->contains(subject.key);
    };
    return denied({}) || (!purpose.empty() && denied(purpose));
}

std::size_t count_of(Oid subject_table, const std::string &purpose) {
    std::size_t count = set->large && anyone_of(subject_table, purpose) ? kept_at_most : 0;
    for (const std::string &each : std::set<std::string>{{}, purpose})
        if (const Denials *found = denials({subject_table, each}))
            count += found->size();
    return count;
}

std::shared_ptr<const Keys> denied(Oid subject_table, const Form &form, const std::string &purpose) {
    if (set->large)
        return nullptr;
    std::shared_ptr<const Keys> &known = set->keys[{subject_table, form.type(), purpose}];
    if (!known) {
        auto fresh = std::make_shared<Keys>(form, count_of(subject_table, purpose));
        for (const std::string &each : std::set<std::string>{{}, purpose})
            if (const Denials *found = denials({subject_table, each}))
                for (const auto &[key, until] : *found)
                    fresh->add(key);
        known = std::move(fresh);
    }
    return known;
}

void init_set() { pg::on_relation_change(relation_changed); }

} // namespace gdpr::restriction

using namespace gdpr;

/// Of the tables that decide who may be processed: however one changes, every session drops what it knows of it.
GDPR_FUNCTION(gdpr_restriction_changed) {
    if (!CALLED_AS_TRIGGER(fcinfo))
        pg::raise(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "gdpr.restriction_changed() must be called as a trigger");
    const auto *trigger = reinterpret_cast<TriggerData *>(fcinfo->context);
    pg::call([&] { CacheInvalidateRelcache(trigger->tg_relation); });
    return PointerGetDatum(nullptr);
}
