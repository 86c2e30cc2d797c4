#include "restrict/set.hpp"

#include "encrypted/value.hpp"
#include "pg/pg.hpp"

#include <unordered_map>

namespace gdpr::restriction {

namespace {

/// Above this many people the set stays in the table, and each question is an index probe.
constexpr std::size_t kept_at_most = 10000;

/// Until when each key is restricted.
using Keys = std::unordered_map<std::string, TimestampTz>;

struct Row {
    Oid table;
    Datum key;
    TimestampTz until;
};

/// Where the columns are: the table belongs to the extension, and a later version may order them anew.
struct Columns {
    AttrNumber table, key, until;
    Oid key_type;

    explicit Columns(Oid relation)
        : table(number(relation, "subject_table")), key(number(relation, "key")), until(number(relation, "until")),
          key_type(pg::call([&] { return get_atttype(relation, key); })) {}

    Row row(TupleTableSlot *slot) const {
        return pg::call([&] {
            bool null;
            Row out{};
            out.table = DatumGetObjectId(slot_getattr(slot, table, &null));
            out.key = slot_getattr(slot, key, &null);
            const Datum end = slot_getattr(slot, until, &null);
            out.until = null ? DT_NOEND : DatumGetTimestampTz(end);
            return out;
        });
    }

  private:
    static AttrNumber number(Oid relation, const char *name) {
        return pg::call([&] { return get_attnum(relation, name); });
    }
};

struct Set {
    Oid relation = InvalidOid;
    std::optional<Columns> columns;
    std::unordered_map<Oid, Keys> tables;
    std::set<Oid> large_tables; // with anyone in them, when the set is large
    std::unique_ptr<pg::Lookup> probe;
    bool large = false;
};

Set *set = nullptr;
std::uint64_t epoch = 1;
TimestampTz statement = 0;
// The invalidation callback only marks; it may neither look anything up nor free.
Oid watched = InvalidOid;
bool valid = false;

void relation_changed(Oid relation) {
    if (!OidIsValid(relation) || relation == watched)
        valid = false;
}

/// What is compared with `until`: it moves on in a long transaction, and is the same in all workers of a query.
TimestampTz now() { return GetCurrentStatementStartTimestamp(); }

std::string decrypted(Datum key, Oid type) {
    return pg::to_string(pg::call([&] { return encrypted::open(encrypted::type_of(type), key); }));
}

/// Reads the table, below privileges and row security, until it ends or proves too large.
void read(Set &into) {
    pg::Relation opened(into.relation, AccessShareLock);
    const pg::NewestSnapshot snapshot(into.relation); // a restriction binds at once
    const Columns &columns = into.columns.emplace(into.relation);
    TupleTableSlot *slot = pg::call([&] { return table_slot_create(opened.get(), nullptr); });
    TableScanDesc scan = pg::call([&] { return table_beginscan(opened.get(), snapshot.get(), 0, nullptr); });
    std::size_t count = 0;
    while (pg::call([&] { return table_scan_getnextslot(scan, ForwardScanDirection, slot); })) {
        const Row row = columns.row(slot);
        into.large_tables.insert(row.table);
        if (into.large || row.until <= now())
            continue;
        TimestampTz &until = into.tables[row.table][decrypted(row.key, columns.key_type)];
        until = std::max(until, row.until);
        into.large = ++count > kept_at_most;
    }
    pg::call([&] {
        table_endscan(scan);
        ExecDropSingleTupleTableSlot(slot);
    });
    if (!into.large)
        into.large_tables.clear();
    else
        into.tables.clear();
}

void load() {
    auto fresh = std::make_unique<Set>();
    fresh->relation = pg::gdpr_relation("restriction");
    watched = fresh->relation;
    // An invalidation that arrives while we read undoes this.
    valid = true;
    try {
        pg::TemporaryContext context("gdpr restriction");
        if (OidIsValid(fresh->relation))
            read(*fresh);
    } catch (...) {
        valid = false;
        throw;
    }
    delete set;
    set = fresh.release();
    epoch++;
}

bool probe(const subject::Subject &subject) {
    const Columns &columns = *set->columns;
    if (!set->probe)
        set->probe = std::make_unique<pg::Lookup>(set->relation, std::vector{columns.table, columns.key},
                                                  std::vector<Oid>{OIDOID, TEXTOID});
    const pg::NewestSnapshot snapshot(set->relation);
    bool found = false;
    set->probe->each({ObjectIdGetDatum(subject.table), pg::text_datum(subject.key)}, snapshot.get(),
                     [&](TupleTableSlot *slot) {
                         found = columns.row(slot).until > now();
                         return !found;
                     });
    return found;
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
    // Restrictions lapse from one statement to the next.
    if (statement != now()) {
        statement = now();
        epoch++;
    }
    if (!valid)
        load();
    return epoch;
}

bool anyone() { return set->large || !set->tables.empty(); }

bool anyone_of(Oid subject_table) {
    if (set->large)
        return set->large_tables.contains(subject_table);
    const auto keys = set->tables.find(subject_table);
    return keys != set->tables.end() &&
           std::any_of(keys->second.begin(), keys->second.end(), [](const auto &each) { return each.second > now(); });
}

bool contains(const subject::Subject &subject) {
    if (set->large)
        return probe(subject);
    const auto keys = set->tables.find(subject.table);
    if (keys == set->tables.end())
        return false;
    const auto key = keys->second.find(subject.key);
    return key != keys->second.end() && key->second > now();
}

std::optional<std::vector<std::string>> keys_of(Oid subject_table) {
    if (set->large)
        return std::nullopt;
    std::vector<std::string> out;
    if (const auto keys = set->tables.find(subject_table); keys != set->tables.end())
        for (const auto &[key, until] : keys->second)
            if (until > now())
                out.push_back(key);
    return out;
}

void init_set() { pg::on_relation_change(relation_changed); }

} // namespace gdpr::restriction

using namespace gdpr;

/// Of gdpr.restriction itself: however it changes, every session drops what it knows of it.
GDPR_FUNCTION(gdpr_restriction_changed) {
    if (!CALLED_AS_TRIGGER(fcinfo))
        pg::raise(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "gdpr.restriction_changed() must be called as a trigger");
    const auto *trigger = reinterpret_cast<TriggerData *>(fcinfo->context);
    pg::call([&] { CacheInvalidateRelcache(trigger->tg_relation); });
    return PointerGetDatum(nullptr);
}
