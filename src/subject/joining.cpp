#include "subject/joining.hpp"

#include "key/key.hpp"
#include "label/label.hpp"
#include "pg/pg.hpp"
#include "subject/normalised.hpp"
#include "subject/owner.hpp"

namespace gdpr::subject {

namespace {

constexpr int most_rounds = 10;

/// A column with the word in a relation that has rows.
struct Place {
    Oid relation = InvalidOid;
    std::string label;
    NormalisedColumn column;
};

/// How the rows of one subject table are found by one of its columns.
struct Way {
    Oid table = InvalidOid;
    std::optional<pg::Lookup> lookup;
    std::vector<Place> unindexed; // their rows are read
};

struct Cache {
    std::uint64_t generation = 0;
    std::map<Oid, std::shared_ptr<const std::vector<Place>>> places;
    std::map<std::string, std::shared_ptr<const std::vector<Way>>> ways; // by the name in the labels
};

/// Of this state of the graph.
Cache &cache() {
    static auto *known = new Cache;
    if (const std::uint64_t now = generation(); known->generation != now)
        *known = {now, {}, {}};
    return *known;
}

std::vector<Place> read_places(Oid relation) {
    std::vector<Place> places;
    if (is_subject(relation))
        for (const label::LabelledColumn &each : label::of(relation).columns)
            if (each.label.same_person && tells_same_person(relation, each.number))
                places.push_back({relation, *each.label.same_person, NormalisedColumn(relation, each.number)});
    return places;
}

/// Shared, because an invalidation may renew the cache while somebody looks.
std::shared_ptr<const std::vector<Place>> places_in(Oid relation) {
    const std::uint64_t of = cache().generation;
    if (const auto found = cache().places.find(relation); found != cache().places.end())
        return found->second;
    auto fresh = std::make_shared<const std::vector<Place>>(read_places(relation));
    if (cache().generation == of) // what changed while we read is read again
        cache().places[relation] = fresh;
    return fresh;
}

Way read_way(Oid table, const std::string &column, const std::string &label) {
    Way way{table, std::nullopt, {}};
    std::vector<std::pair<Oid, Oid>> indexed; // with the index of each
    List *heirs = pg::call([&] { return find_all_inheritors(table, AccessShareLock, nullptr); });
    ListCell *cell;
    foreach (cell, heirs) {
        const Oid heir = lfirst_oid(cell);
        if (pg::call([&] { return get_rel_relkind(heir); }) != RELKIND_RELATION)
            continue;
        const AttrNumber number = pg::call([&] { return get_attnum(heir, column.c_str()); });
        if (const auto form = indexed_form(heir, number))
            indexed.emplace_back(heir, form->index);
        else
            way.unindexed.push_back({heir, label, NormalisedColumn(heir, number)});
    }
    if (!indexed.empty())
        way.lookup = pg::Lookup::by_indexes(table, indexed, TEXTOID);
    return way;
}

std::shared_ptr<const std::vector<Way>> ways_to(const std::string &label) {
    const std::uint64_t of = cache().generation;
    if (const auto found = cache().ways.find(label); found != cache().ways.end())
        return found->second;
    std::vector<Way> fresh;
    for (const auto &[table, column] : marked_columns(label))
        fresh.push_back(read_way(table, column, label));
    auto ways = std::make_shared<const std::vector<Way>>(std::move(fresh));
    if (cache().generation == of)
        cache().ways[label] = ways;
    return ways;
}

/// Every row that has the mark.
void each_bearer(const Mark &mark, const std::function<bool(Oid)> &of, Snapshot snapshot,
                 const std::function<void(TupleTableSlot *)> &visit) {
    const std::shared_ptr<const std::vector<Way>> ways = ways_to(mark.first);
    const Datum value = pg::text_datum(mark.second);
    for (const Way &way : *ways) {
        if (!of(way.table))
            continue;
        if (way.lookup)
            way.lookup->each({value}, snapshot, [&](TupleTableSlot *row) {
                visit(row);
                return true;
            });
        for (const Place &each : way.unindexed)
            pg::each_row_of(each.relation, snapshot, [&](TupleTableSlot *row) {
                if (each.column.read(row) == mark.second)
                    visit(row);
            });
    }
}

bool any_table(Oid) { return true; }

LOCKTAG tag_of(const Mark &mark) {
    const std::string whole = mark.first + '\0' + mark.second;
    // All roles see what is locked, so it is a keyed hash that tells nobody whom it is about; hardly two people meet in
    // one.
    const cipher::Digest digest = key::mac(key::Use::hash, whole);
    std::uint16_t bits;
    std::memcpy(&bits, digest.data(), sizeof bits);
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0, bits, 0x6770); // beyond what pg_advisory_lock() uses
    return tag;
}

/// Marks claimed until the transaction ends, or until they are given back; in one order.
class Claim {
  public:
    explicit Claim(const std::set<Mark> &marks) {
        std::set<std::uint32_t> seen;
        for (const Mark &each : marks)
            if (const LOCKTAG tag = tag_of(each); seen.insert(tag.locktag_field3).second)
                tags_.push_back(tag);
        std::sort(tags_.begin(), tags_.end(),
                  [](const LOCKTAG &a, const LOCKTAG &b) { return a.locktag_field3 < b.locktag_field3; });
        for (const LOCKTAG &each : tags_)
            pg::call([&] { return LockAcquire(&each, ExclusiveLock, false, false); });
    }
    void give_back() const {
        for (const LOCKTAG &each : tags_)
            pg::call([&] { return LockRelease(&each, ExclusiveLock, false); });
    }

  private:
    std::vector<LOCKTAG> tags_;
};

/// What stores such rows at this moment, and whether somebody did who is not among the person's rows as read.
struct Storing {
    std::set<TransactionId> transactions;
    bool more = false;
};

Storing storing(const std::set<Mark> &marks, const std::vector<Subject> &person) {
    Storing out;
    SnapshotData dirty;
    InitDirtySnapshot(dirty);
    for (const Mark &mark : marks)
        each_bearer(mark, any_table, &dirty, [&](TupleTableSlot *row) {
            const TransactionId other = TransactionIdIsValid(dirty.xmin) ? dirty.xmin : dirty.xmax;
            if (TransactionIdIsValid(other)) {
                out.transactions.insert(other);
                return;
            }
            for (const Subject &each : owners_of(row->tts_tableOid, row))
                out.more = out.more || std::find(person.begin(), person.end(), each) == person.end();
        });
    return out;
}

} // namespace

bool has_marks(Oid relation) { return !places_in(relation)->empty(); }

std::vector<Mark> marks_of(Oid relation, TupleTableSlot *row, TupleTableSlot *before) {
    std::vector<Mark> marks;
    const std::shared_ptr<const std::vector<Place>> places = places_in(relation);
    for (const Place &each : *places) {
        if (before != nullptr && each.column.untouched(row, before))
            continue;
        if (auto value = each.column.read(row); value && (before == nullptr || value != each.column.read(before)))
            marks.emplace_back(each.label, std::move(*value));
    }
    return marks;
}

void await(const Mark &mark) {
    const LOCKTAG tag = tag_of(mark);
    // At once given back: whoever stores a million rows does not hold a million locks.
    pg::call([&] {
        (void)LockAcquire(&tag, ShareLock, false, false);
        (void)LockRelease(&tag, ShareLock, false);
    });
}

std::vector<Subject> bearers_of(const Mark &mark, const std::function<bool(Oid)> &of) {
    std::set<Subject> found;
    const pg::NewestSnapshot newest(pg::gdpr_relation("restriction"));
    each_bearer(mark, of, newest.get(), [&](TupleTableSlot *row) {
        for (Subject &each : owners_of(row->tts_tableOid, row))
            found.insert(std::move(each));
    });
    return {found.begin(), found.end()};
}

std::vector<Subject> hold_same_person(const Subject &subject, Lock lock) {
    std::set<Mark> marks;
    if (same_person(subject, &marks); marks.empty())
        return lock_same_person(subject, lock);
    for (int round = 0; round < most_rounds; round++) {
        // Whoever stores rows now is waited for before any is locked: they may want one of those that are there. And a
        // row's lock is waited for before the marks are claimed, which are given back for any wait.
        marks.clear();
        if (round > 0)
            (void)lock_same_person(subject, lock);
        const std::vector<Subject> person = same_person(subject, &marks);
        const Claim claim(marks);
        const Storing others = storing(marks, person);
        if (round > 0 && others.transactions.empty() && !others.more)
            return person;
        claim.give_back();
        for (const TransactionId each : others.transactions)
            pg::call([&] { XactLockTableWait(each, nullptr, nullptr, XLTW_None); });
    }
    pg::raise(ERRCODE_T_R_SERIALIZATION_FAILURE, "rows of this person keep appearing", "", "Try again.");
}

} // namespace gdpr::subject
