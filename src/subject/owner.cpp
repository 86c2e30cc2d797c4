#include "subject/owner.hpp"

#include "encrypted/literal.hpp"
#include "encrypted/type.hpp"
#include "pg/equality.hpp"
#include "pg/pg.hpp"
#include "subject/predicate.hpp"

namespace gdpr::subject {

namespace {

/// A column of a row, and how to write its value.
struct Field {
    AttrNumber number = InvalidAttrNumber;
    Oid type = InvalidOid;
    Oid collation = InvalidOid;
    Oid output = InvalidOid;
    bool pinned = false; // its text depends on the session's settings
};

/// One key by which rows have their owner.
struct Climb {
    Oid owner = InvalidOid;           // where it leads, a node
    std::vector<Field> fields;        // of our row
    std::optional<pg::Lookup> lookup; // finds the owner's row; none where the key itself names the subject
    std::optional<Predicate> when;    // on our row, or on the owner's when reversed
    bool reversed = false;
};

/// How the rows of one relation, partitions each for themselves, find their owners.
struct Ascent {
    Oid node = InvalidOid;
    bool subject = false;
    std::vector<Field> key; // primary key
    std::vector<Climb> climbs;
    std::vector<Climb> unguarded; // what they point to, where no foreign key does
    std::vector<Climb> accessing; // to the rows whose owners access this one
};

struct Cache {
    std::uint64_t generation = 0;
    std::map<Oid, std::shared_ptr<const Ascent>> ascents;
};
Cache *cache = nullptr;

Oid plain_type(Oid type) {
    return pg::call([&] { return encrypted::plain_form(type); });
}

Field field(Oid relation, const std::string &name) {
    Field out;
    pg::call([&] {
        out.number = get_attnum(relation, name.c_str());
        int32 typmod;
        get_atttypetypmodcoll(relation, out.number, &out.type, &typmod, &out.collation);
        bool variable;
        getTypeOutputInfo(out.type, &out.output, &variable);
    });
    out.pinned = pg::depends_on_formats(plain_type(out.type));
    return out;
}

std::vector<Field> fields(Oid relation, const std::vector<std::string> &names) {
    std::vector<Field> out;
    out.reserve(names.size());
    for (const std::string &name : names)
        out.push_back(field(relation, name));
    return out;
}

std::vector<std::string> key_names(Oid relation) {
    std::vector<std::string> names;
    for (const pg::Column &column : pg::primary_key(relation))
        names.push_back(column.name);
    return names;
}

/// Is what is equal to the owner's key written as that is?
bool writes_alike(const Field &own, const Field &owners) {
    const auto integer = [](Oid type) { return type == INT2OID || type == INT4OID || type == INT8OID; };
    const Oid one = plain_type(own.type), other = plain_type(owners.type);
    return (integer(one) && integer(other)) ||
           (one == other && pg::equal_is_same(other, owners.collation) && pg::equal_is_same(one, own.collation));
}

/// Where the key's own columns are the subject's primary key, its text names the person: nothing need be looked up.
/// Returns our fields in the order of that primary key, or nothing.
std::vector<Field> naming_fields(Oid relation, const Hop &hop) {
    const std::vector<std::string> key = key_names(hop.owner);
    if (hop.reversed() || !is_subject(hop.owner) || key.size() != hop.edge.parent_columns.size())
        return {};
    std::vector<Field> out;
    for (const std::string &name : key) {
        const auto &parents = hop.edge.parent_columns;
        const auto place = std::find(parents.begin(), parents.end(), name);
        if (place == parents.end())
            return {};
        out.push_back(field(relation, hop.edge.child_columns[static_cast<std::size_t>(place - parents.begin())]));
        if (!writes_alike(out.back(), field(hop.owner, name)))
            return {};
    }
    return out;
}

/// With `look_up`, the owner's row is found even where its name is known.
Climb climb(Oid relation, const Hop &hop, bool look_up = false) {
    Climb out;
    out.owner = hop.owner;
    out.reversed = hop.reversed();
    if (!hop.edge.when.empty())
        out.when.emplace(out.reversed ? hop.owner : relation, hop.edge.when);
    if (!look_up)
        out.fields = naming_fields(relation, hop);
    if (!out.fields.empty())
        return out;
    out.fields = fields(relation, out.reversed ? hop.edge.parent_columns : hop.edge.child_columns);
    std::vector<AttrNumber> columns;
    for (const Field &each : fields(hop.owner, out.reversed ? hop.edge.child_columns : hop.edge.parent_columns))
        columns.push_back(each.number);
    std::vector<Oid> types;
    for (const Field &each : out.fields)
        types.push_back(each.type);
    out.lookup.emplace(hop.owner, columns, types);
    return out;
}

/// Shared, because an invalidation may renew the cache while somebody climbs.
std::shared_ptr<const Ascent> ascent(Oid relation) {
    if (cache == nullptr)
        cache = new Cache;
    if (const std::uint64_t now = generation(); cache->generation != now) {
        cache->ascents.clear();
        cache->generation = now;
    }
    if (const auto known = cache->ascents.find(relation); known != cache->ascents.end())
        return known->second;
    auto fresh = std::make_shared<Ascent>();
    fresh->node = node_of(relation);
    fresh->subject = is_subject(relation);
    fresh->key = fields(relation, key_names(relation));
    if (fresh->subject && fresh->key.empty()) // an inheritance child need not have its parent's key
        fresh->key = fields(relation, key_names(fresh->node));
    if (OidIsValid(fresh->node) && !fresh->subject)
        for (const Hop &hop : graph().owners(fresh->node))
            fresh->climbs.push_back(climb(relation, hop));
    if (OidIsValid(fresh->node))
        for (const Hop &hop : graph().accessors(fresh->node))
            fresh->accessing.push_back(climb(relation, hop));
    if (OidIsValid(fresh->node))
        for (const auto &hops : {graph().owners(fresh->node), graph().accessors(fresh->node)})
            for (const Hop &hop : hops)
                if (!hop.reversed() && !guarded(hop.edge))
                    fresh->unguarded.push_back(climb(relation, hop, true));
    cache->ascents[relation] = fresh;
    return fresh;
}

std::optional<Datum> value(TupleTableSlot *row, AttrNumber number) {
    bool null = true;
    const Datum datum = pg::call([&] { return slot_getattr(row, number, &null); });
    return null ? std::nullopt : std::optional<Datum>(datum);
}

std::optional<std::string> text(TupleTableSlot *row, const std::vector<Field> &fields) {
    const encrypted::PlainOutput plain;
    std::optional<pg::PinnedFormats> formats;
    if (std::any_of(fields.begin(), fields.end(), [](const Field &each) { return each.pinned; }))
        formats.emplace();
    std::vector<std::optional<std::string>> texts;
    for (const Field &each : fields) {
        const auto datum = value(row, each.number);
        if (!datum)
            return std::nullopt;
        char *written = pg::call([&] { return OidOutputFunctionCall(each.output, *datum); });
        texts.emplace_back(written);
        pfree(written);
    }
    return texts.empty() ? std::nullopt : std::optional<std::string>(key_text(texts));
}

/// Is this version of a row one that the running transaction took away?
bool gone_by_us(TupleTableSlot *row) {
    return pg::call([&] {
        bool copied;
        HeapTuple tuple = ExecFetchSlotHeapTuple(row, false, &copied);
        const HeapTupleHeader header = tuple->t_data;
        const bool gone = !(header->t_infomask & HEAP_XMAX_INVALID) && !HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask) &&
                          TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetUpdateXid(header));
        if (copied)
            heap_freetuple(tuple);
        return gone;
    });
}

class Search {
  public:
    void from(Oid relation, TupleTableSlot *row) {
        const std::shared_ptr<const Ascent> here = ascent(relation);
        if (here->subject) {
            if (const auto key = text(row, here->key))
                found_.insert({here->node, *key});
            return;
        }
        for (const Climb &each : here->climbs)
            up(each, row);
    }
    void accessing(Oid relation, TupleTableSlot *row) {
        const std::shared_ptr<const Ascent> here = ascent(relation);
        for (const Climb &each : here->accessing)
            up(each, row);
    }
    std::vector<Subject> found() const { return {found_.begin(), found_.end()}; }

  private:
    void up(const Climb &climb, TupleTableSlot *row) {
        if (climb.when && !climb.reversed && !climb.when->holds(row))
            return;
        if (!climb.lookup) {
            if (const auto key = text(row, climb.fields))
                found_.insert({climb.owner, *key});
            return;
        }
        std::vector<std::optional<Datum>> values;
        for (const Field &each : climb.fields)
            values.push_back(value(row, each.number));
        bool any = false;
        const auto visit = [&](TupleTableSlot *owner) {
            any = true;
            if (climb.when && climb.reversed && !climb.when->holds(owner))
                return true;
            // Keys may lead in a circle: each row is climbed from once.
            const OffsetNumber offset = ItemPointerGetOffsetNumberNoCheck(&owner->tts_tid);
            if (seen_.emplace(owner->tts_tableOid, ItemPointerGetBlockNumberNoCheck(&owner->tts_tid), offset).second)
                from(owner->tts_tableOid, owner);
            return true;
        };
        const pg::NewestSnapshot newest(climb.lookup->relation());
        climb.lookup->each(values, newest.get(), visit);
        // A cascade has taken the parent away already when its children go; it tells whose they were all the same.
        if (!any && !IsInParallelMode())
            climb.lookup->each(values, SnapshotAny,
                               [&](TupleTableSlot *owner) { return !gone_by_us(owner) || (visit(owner), false); });
    }

    std::set<Subject> found_;
    std::set<std::tuple<Oid, BlockNumber, OffsetNumber>> seen_;
};

/// A slot over a tuple that somebody else owns.
class TupleSlot {
  public:
    TupleSlot(HeapTuple tuple, TupleDesc descriptor)
        : slot_(pg::call([&] {
              TupleTableSlot *made = MakeSingleTupleTableSlot(descriptor, &TTSOpsHeapTuple);
              ExecStoreHeapTuple(tuple, made, false);
              return made;
          })) {}
    ~TupleSlot() { ExecDropSingleTupleTableSlot(slot_); }
    TupleSlot(const TupleSlot &) = delete;
    TupleSlot &operator=(const TupleSlot &) = delete;
    TupleTableSlot *get() const noexcept { return slot_; }

  private:
    TupleTableSlot *slot_;
};

} // namespace

std::vector<Subject> owners_of(Oid relation, TupleTableSlot *row) {
    Search search;
    search.from(relation, row);
    return search.found();
}

std::vector<Subject> owners_of(Oid relation, HeapTuple row, TupleDesc descriptor) {
    return owners_of(relation, TupleSlot(row, descriptor).get());
}

namespace {

/// FOR KEY SHARE, below SQL.
void lock_row(Oid relation, ItemPointerData place, Snapshot snapshot) {
    const pg::Relation opened(relation, RowShareLock);
    const TM_Result result = pg::call([&] {
        TupleTableSlot *slot = table_slot_create(opened.get(), nullptr);
        TM_FailureData failure;
        const TM_Result locked =
            table_tuple_lock(opened.get(), &place, snapshot, slot, GetCurrentCommandId(false), LockTupleKeyShare,
                             LockWaitBlock, TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
        ExecDropSingleTupleTableSlot(slot);
        return locked;
    });
    if (result == TM_Deleted)
        pg::raise(ERRCODE_T_R_SERIALIZATION_FAILURE,
                  "a row of " + pg::relation_name(relation) + " that the new row belongs to was deleted meanwhile");
}

} // namespace

void lock_owners(Oid relation, TupleTableSlot *row) {
    const std::shared_ptr<const Ascent> here = ascent(relation);
    for (const Climb &each : here->unguarded) {
        if (each.when && !each.when->holds(row))
            continue;
        std::vector<std::optional<Datum>> values;
        for (const Field &field : each.fields)
            values.push_back(value(row, field.number));
        std::vector<std::pair<Oid, ItemPointerData>> owners;
        const pg::NewestSnapshot newest(each.lookup->relation());
        each.lookup->each(values, newest.get(), [&](TupleTableSlot *owner) {
            owners.emplace_back(owner->tts_tableOid, owner->tts_tid);
            return true;
        });
        for (const auto &[table, place] : owners)
            lock_row(table, place, newest.get());
    }
}

std::vector<Subject> concerned_by(Oid relation, TupleTableSlot *row) {
    Search search;
    search.from(relation, row);
    search.accessing(relation, row);
    return search.found();
}

namespace {

void add_columns(const std::vector<Climb> &climbs, std::set<AttrNumber> &columns) {
    for (const Climb &climb : climbs) {
        for (const Field &each : climb.fields)
            columns.insert(each.number);
        if (climb.when && !climb.reversed)
            for (const AttrNumber column : climb.when->columns())
                columns.insert(column);
    }
}

} // namespace

std::vector<AttrNumber> concerning_columns(Oid relation) {
    const std::vector<AttrNumber> owning = owner_columns(relation);
    std::set<AttrNumber> columns(owning.begin(), owning.end());
    add_columns(ascent(relation)->accessing, columns);
    return {columns.begin(), columns.end()};
}

std::vector<AttrNumber> owner_columns(Oid relation) {
    const std::shared_ptr<const Ascent> here = ascent(relation);
    std::set<AttrNumber> columns;
    if (here->subject)
        for (const Field &each : here->key)
            columns.insert(each.number);
    add_columns(here->climbs, columns);
    return {columns.begin(), columns.end()};
}

std::optional<std::string> row_key(Oid relation, TupleTableSlot *row) { return text(row, ascent(relation)->key); }

std::optional<std::string> row_key(Oid relation, HeapTuple row, TupleDesc descriptor) {
    return row_key(relation, TupleSlot(row, descriptor).get());
}

} // namespace gdpr::subject
