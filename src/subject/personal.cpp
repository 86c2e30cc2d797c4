#include "subject/personal.hpp"

#include "encrypted/value.hpp"
#include "pg/pg.hpp"
#include "pg/storage.hpp"

namespace gdpr::subject {

namespace {

std::vector<Personal> *registered = nullptr;

/// A registered table, ready for rows to be found and changed.
struct Table {
    const Personal *personal;
    pg::Lookup lookup;
    AttrNumber key;
    std::vector<AttrNumber> scrubbed;
};
struct Tables {
    std::vector<Table> tables;
    Oid text = pg::gdpr_type("encrypted_text");
};

std::shared_ptr<const Tables> *cached = nullptr;
// What the invalidation callback knows: it may neither look anything up nor free.
constexpr std::size_t most_tables = 64;
std::array<Oid, most_tables> watched{};
bool stale = true;

void relation_changed(Oid relation) {
    if (!OidIsValid(relation) || std::find(watched.begin(), watched.end(), relation) != watched.end())
        stale = true;
}

AttrNumber column_of(Oid relation, const std::string &name) {
    const AttrNumber number = pg::call([&] { return get_attnum(relation, name.c_str()); });
    if (number == InvalidAttrNumber)
        pg::raise(ERRCODE_INTERNAL_ERROR, pg::relation_name(relation) + " has no column " + pg::quote(name));
    return number;
}

/// Shared, because an invalidation may arrive while they are in use.
std::shared_ptr<const Tables> tables() {
    if (cached == nullptr)
        cached = new std::shared_ptr<const Tables>;
    if (!stale && *cached != nullptr)
        return *cached;
    watched = {};
    std::vector<Oid> relations;
    for (const Personal &each : personal_tables()) {
        relations.push_back(pg::gdpr_relation(each.relation.c_str()));
        watched.at(relations.size() - 1) = relations.back();
    }
    stale = false; // what changes while we look makes it stale again
    cached->reset();
    auto all = std::make_shared<Tables>();
    for (std::size_t i = 0; i < relations.size(); i++) {
        const Oid relation = relations[i];
        const AttrNumber key = column_of(relation, "key");
        Table table{&personal_tables()[i],
                    pg::Lookup(relation, {column_of(relation, "subject_table"), key}, {OIDOID, TEXTOID}),
                    key,
                    {}};
        for (const std::string &column : table.personal->scrubbed.value_or(std::vector<std::string>{}))
            table.scrubbed.push_back(column_of(relation, column));
        all->tables.push_back(std::move(table));
    }
    return *cached = std::move(all);
}

/// Was the row written by this transaction's command `since` or a later one, or has this transaction removed it?
bool not_ours_to_touch(HeapTuple tuple, CommandId since) {
    const HeapTupleHeader header = tuple->t_data;
    if (TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(header)) && HeapTupleHeaderGetCmin(header) >= since)
        return true;
    return !(header->t_infomask & HEAP_XMAX_INVALID) && !HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask) &&
           TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetUpdateXid(header));
}

std::vector<std::int64_t> ids_of(const pg::Relation &relation, const std::vector<HeapTuple> &rows) {
    const AttrNumber column = column_of(relation.id(), "id");
    std::vector<std::int64_t> ids;
    for (HeapTuple row : rows) {
        bool null;
        ids.push_back(DatumGetInt64(pg::call([&] { return heap_getattr(row, column, relation.descriptor(), &null); })));
    }
    return ids;
}

/// New values for some columns of a row; a nullopt is a null.
using Changes = std::map<AttrNumber, std::optional<Datum>>;

void update(const pg::Relation &relation, HeapTuple row, const Changes &changes) {
    const auto columns = static_cast<std::size_t>(relation.descriptor()->natts);
    std::vector<Datum> values(columns);
    const auto nulls = std::make_unique<bool[]>(columns), replaced = std::make_unique<bool[]>(columns);
    for (const auto &[column, value] : changes) {
        const auto place = static_cast<std::size_t>(column - 1);
        replaced[place] = true;
        nulls[place] = !value;
        values[place] = value.value_or(0);
    }
    pg::call([&] {
        HeapTuple changed = heap_modify_tuple(row, relation.descriptor(), values.data(), nulls.get(), replaced.get());
        CatalogTupleUpdate(relation.get(), &row->t_self, changed);
    });
}

} // namespace

void keep_of_people(Personal table) {
    if (registered == nullptr)
        registered = new std::vector<Personal>;
    if (registered->size() == most_tables)
        pg::raise(ERRCODE_INTERNAL_ERROR, "too many tables keep something of people");
    registered->push_back(std::move(table));
}

const std::vector<Personal> &personal_tables() { return *registered; }

std::vector<HeapTuple> rows_of_person(const pg::Lookup &lookup, const Subject &subject, CommandId since) {
    std::vector<HeapTuple> found;
    if (pg::without_pages(lookup.relation()))
        return found;
    const pg::NewestSnapshot newest(lookup.relation());
    lookup.each({ObjectIdGetDatum(subject.table), pg::text_datum(subject.key)}, newest.get(),
                [&](TupleTableSlot *slot) {
                    HeapTuple tuple = pg::call([&] { return ExecCopySlotHeapTuple(slot); });
                    if (!pg::call([&] { return not_ours_to_touch(tuple, since); }))
                        found.push_back(tuple);
                    return true;
                });
    return found;
}

std::map<std::string, std::uint64_t> close_personal(const Subject &subject, CommandId since, bool dry_run) {
    const std::shared_ptr<const Tables> all = tables();
    std::map<std::string, std::uint64_t> counts;
    for (const Table &each : all->tables) {
        const std::vector<HeapTuple> found = rows_of_person(each.lookup, subject, since);
        if (found.empty())
            continue;
        counts[each.personal->told_as.empty() ? each.personal->relation : each.personal->told_as] += found.size();
        if (dry_run)
            continue;
        const pg::Relation relation(each.lookup.relation(), RowExclusiveLock);
        if (each.personal->end != nullptr) {
            each.personal->end(&subject, ids_of(relation, found));
            continue;
        }
        Changes changes{{each.key, std::nullopt}};
        for (const AttrNumber column : each.scrubbed)
            changes.emplace(column, std::nullopt);
        for (HeapTuple row : found)
            if (!each.personal->scrubbed)
                pg::call([&] { CatalogTupleDelete(relation.get(), &row->t_self); });
            else
                update(relation, row, changes);
        if (each.personal->changed != nullptr)
            each.personal->changed();
    }
    return counts;
}

void carry_over_personal(const Subject &from, const Subject &to, CommandId since) {
    const std::shared_ptr<const Tables> all = tables();
    for (const Table &each : all->tables) {
        const std::vector<HeapTuple> found = rows_of_person(each.lookup, from, since);
        if (found.empty())
            continue;
        const pg::Relation relation(each.lookup.relation(), RowExclusiveLock);
        for (HeapTuple row : found) {
            const Datum plain = pg::text_datum(to.key);
            update(relation, row,
                   {{each.key, pg::call([&] { return encrypted::seal(encrypted::type_of(all->text), plain); })}});
        }
        if (each.personal->changed != nullptr)
            each.personal->changed();
    }
}

void close_all_personal(Oid subject_table) {
    for (const Personal &each : personal_tables()) {
        const pg::OwnerScope scope(pg::gdpr_relation(each.relation.c_str()));
        pg::Spi spi;
        if (each.end != nullptr) {
            const pg::Rows rows = spi.run("SELECT id FROM gdpr." + pg::quote(each.relation) +
                                              " WHERE subject_table = $1 AND key IS NOT NULL",
                                          {pg::param_oid(subject_table)});
            std::vector<std::int64_t> ids;
            for (std::uint64_t row = 0; row < rows.size(); row++)
                ids.push_back(rows.number(row, 1));
            if (!ids.empty())
                each.end(nullptr, ids);
            continue;
        }
        std::string set = "key = NULL";
        for (const std::string &column : each.scrubbed.value_or(std::vector<std::string>{}))
            set += ", " + pg::quote(column) + " = NULL";
        const std::string name = "gdpr." + pg::quote(each.relation);
        (void)spi.run((!each.scrubbed ? "DELETE FROM " + name : "UPDATE " + name + " SET " + set) +
                          " WHERE subject_table = $1 AND key IS NOT NULL",
                      {pg::param_oid(subject_table)});
    }
}

void init_personal() { pg::on_relation_change(relation_changed); }

} // namespace gdpr::subject
