// CALL gdpr.rotate_data_key: a new data key, and tables re-encrypted under it while they are used.
#include "encrypted/type.hpp"
#include "key/key.hpp"
#include "key/provider.hpp"
#include "key/table.hpp"
#include "pg/procedure.hpp"
#include "rotate/nested.hpp"
#include "rotate/pins.hpp"
#include "rotate/rewrite.hpp"

using namespace gdpr;

namespace {

constexpr BlockNumber batch_blocks = 256;
constexpr std::int64_t batch_rows = 1000;
constexpr std::int64_t most_found = 10000; // places of rows that a verification keeps
constexpr int most_rounds = 10;

/// Where the rotation of one relation stands: a row of gdpr.key_rotation.
struct Progress {
    Oid relation;
    std::string key;
    std::string step;
    BlockNumber blocks, next;
};

/// The statements on gdpr.key_rotation, as its owner.
class RotationTable {
  public:
    pg::Rows run(const std::string &sql, const std::vector<pg::Param> &params = {}) { return spi_.run(sql, params); }

    std::vector<Progress> unfinished() {
        std::vector<Progress> out;
        (void)run("DELETE FROM gdpr.key_rotation r WHERE NOT EXISTS"
                  " (SELECT FROM pg_catalog.pg_class c WHERE c.oid = r.relation)");
        const pg::Rows rows = run("SELECT relation::oid, key, step, blocks, next_block FROM gdpr.key_rotation"
                                  " WHERE step <> 'done' ORDER BY relation");
        for (std::uint64_t row = 0; row < rows.size(); row++)
            out.push_back({rows.oid(row, 1), rows.text_or(row, 2), rows.text_or(row, 3),
                           static_cast<BlockNumber>(rows.number(row, 4)),
                           static_cast<BlockNumber>(rows.number(row, 5))});
        return out;
    }

    void begin(const Progress &each) {
        (void)run("INSERT INTO gdpr.key_rotation (relation, key, step, blocks) VALUES ($1, $2, $3, $4)"
                  " ON CONFLICT (relation) DO UPDATE SET key = $2, step = $3, blocks = $4, next_block = 0, rows = 0,"
                  " remaining = NULL, started = pg_catalog.clock_timestamp(), updated = pg_catalog.clock_timestamp()",
                  {pg::param_oid(each.relation), pg::param(each.key), pg::param(each.step),
                   pg::param(static_cast<std::int64_t>(each.blocks))});
    }

    void advance(const Progress &each, std::int64_t rows, std::optional<std::int64_t> remaining = std::nullopt) {
        (void)run("UPDATE gdpr.key_rotation SET step = $2, next_block = $3, rows = rows + $4,"
                  " remaining = COALESCE($5, remaining), updated = pg_catalog.clock_timestamp() WHERE relation = $1",
                  {pg::param_oid(each.relation), pg::param(each.step), pg::param(static_cast<std::int64_t>(each.next)),
                   pg::param(rows), remaining ? pg::param(*remaining) : pg::null_param(INT8OID)});
    }

  private:
    pg::OwnerScope scope_{pg::gdpr_relation("key_rotation")};
    pg::Spi spi_;
};

std::uint32_t key_number(const std::string &text) { return static_cast<std::uint32_t>(std::stoul(text, nullptr, 16)); }

/// The key and those of this database that are younger.
std::vector<std::uint32_t> keys_since(const std::string &text) {
    const std::uint32_t id = key_number(text);
    const key::Loaded &oldest = key::find(id);
    const std::uint64_t here = key::database_identity();
    std::vector<std::uint32_t> good{id};
    for (const key::WrappedKey &each : key::table_keys())
        if (each.use == key::Use::data && each.database == here && each.generation > oldest.generation)
            good.push_back(each.id);
    return good;
}

/// Tables with encrypted columns: `relation`, its partitions and children; or, where it is invalid, all.
std::vector<Oid> tables_below(Oid relation) {
    std::vector<Oid> candidates, out;
    if (OidIsValid(relation)) {
        const List *family = pg::call([&] { return find_all_inheritors(relation, AccessShareLock, nullptr); });
        const ListCell *cell;
        foreach (cell, family)
            candidates.push_back(lfirst_oid(cell));
    } else {
        pg::Spi spi;
        const pg::Rows rows =
            spi.run(std::string(rotate::encrypted_types) +
                    "SELECT DISTINCT attrelid FROM pg_catalog.pg_attribute JOIN encrypted ON type = atttypid"
                    " WHERE attnum > 0 AND NOT attisdropped ORDER BY 1");
        for (std::uint64_t row = 0; row < rows.size(); row++)
            candidates.push_back(rows.oid(row, 1));
    }
    for (const Oid each : candidates) {
        const char kind = pg::call([&] { return get_rel_relkind(each); });
        const bool temporary = pg::call([&] { return get_rel_persistence(each) == RELPERSISTENCE_TEMP; });
        if ((kind == RELKIND_RELATION || kind == RELKIND_MATVIEW) && !temporary &&
            !rotate::encrypted_columns(each).empty())
            out.push_back(each);
    }
    return out;
}

/// Two sessions on one table would only get into each other's way. Held until the end of the transaction.
void claim(Oid relation) {
    const bool claimed = pg::call([&] {
        LOCKTAG tag;
        SET_LOCKTAG_OBJECT(tag, MyDatabaseId, RelationRelationId, relation, 1);
        return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
    });
    if (!claimed)
        pg::raise(ERRCODE_LOCK_NOT_AVAILABLE, "another session is re-encrypting " + pg::relation_name(relation), "",
                  "gdpr.key_rotation shows how far it is.");
}

/// Whoever has the rows of the relation locked already may still write with an older key; wait for them, as CREATE
/// INDEX CONCURRENTLY does. Whoever comes later hears of the new key first.
void wait_for_writers(Oid relation) {
    pg::call([&] {
        LOCKTAG tag;
        SET_LOCKTAG_RELATION(tag, MyDatabaseId, relation);
        WaitForLockers(tag, ShareLock, false);
    });
}

/// A batch that met a deadlock, or a row that moved to another partition, is tried again: rather this one than the
/// application's.
template <typename Step> rotate::Result again(Step step) {
    rotate::Result result;
    pg::call([] {
        (void)set_config_option("deadlock_timeout", "10ms", PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
    });
    for (int tries = 0; tries < 5; tries++)
        if (pg::attempt(ERRCODE_TO_CATEGORY(ERRCODE_T_R_DEADLOCK_DETECTED), [&] { result = step(); }))
            return result;
    return step();
}

class Rotation {
  public:
    Rotation(pg::Procedure &procedure, Progress progress) : procedure_(procedure), progress_(std::move(progress)) {}

    /// How many rows remain under older keys.
    std::int64_t run() {
        while (progress_.step == "rewrite" && exists())
            rewrite();
        std::int64_t remaining = 0;
        if (progress_.step == "verify" && exists()) {
            wait_for_writers(progress_.relation);
            procedure_.commit();
            for (int round = 0; round < most_rounds; round++)
                if ((remaining = verify()) == 0)
                    break;
        }
        progress_.step = "done";
        save(0, remaining);
        return remaining;
    }

  private:
    bool exists() const { return pg::relation_exists(progress_.relation); }

    void save(std::int64_t rows, std::optional<std::int64_t> remaining = std::nullopt) {
        RotationTable().advance(progress_, rows, remaining);
        procedure_.commit();
    }

    rotate::Rewriter rewriter() const {
        claim(progress_.relation);
        return rotate::Rewriter(progress_.relation, keys_since(progress_.key));
    }

    void rewrite() {
        const BlockNumber end = std::min(progress_.blocks, progress_.next + batch_blocks);
        rotate::Result result;
        result.next = end;
        if (progress_.next < end)
            result = again([&] {
                const rotate::Rewriter relation = rewriter();
                // VACUUM may have made it shorter.
                const BlockNumber last = std::min(end, relation.blocks());
                if (progress_.next >= last)
                    return rotate::Result{end, 0, 0};
                rotate::Result done = relation.blocks(progress_.next, last, batch_rows);
                if (done.next == last)
                    done.next = end;
                return done;
            });
        progress_.next = result.next;
        if (progress_.next >= progress_.blocks)
            progress_.step = "verify";
        save(result.rows);
    }

    /// Looks for rows that were passed over, or came from a part not yet rewritten to one that was, and seals them
    /// anew; those that others hold one by one, so that waiting for one keeps nobody else waiting.
    std::int64_t verify() {
        const std::vector<ItemPointerData> places = rewriter().find(most_found);
        save(0, static_cast<std::int64_t>(places.size()));
        std::span<const ItemPointerData> rest = places;
        while (!rest.empty()) {
            const auto some = rest.first(std::min<std::size_t>(rest.size(), batch_rows / 10));
            rest = rest.subspan(some.size());
            rotate::Result result = again([&] { return rewriter().rows(some, false); });
            save(result.rows);
            for (std::size_t i = 0; result.locked > 0 && i < some.size(); i++)
                save(again([&] { return rewriter().rows(some.subspan(i, 1), true); }).rows);
        }
        return static_cast<std::int64_t>(places.size());
    }

    pg::Procedure &procedure_;
    Progress progress_;
};

/// What is to be done: what an earlier call left, or all of `tables` under a key that is made now, if one is wanted.
std::vector<Progress> plan(const std::vector<Oid> &tables, bool new_key) {
    const auto wanted = [&](Oid relation) { return std::find(tables.begin(), tables.end(), relation) != tables.end(); };
    std::vector<Progress> work;
    for (Progress &each : RotationTable().unfinished())
        if (wanted(each.relation))
            work.push_back(std::move(each));
    if (!work.empty())
        return work;
    key::Loaded *key = &key::active(key::Use::data);
    if (new_key)
        key = &key::succeed(*key);
    char text[16];
    pg_snprintf(text, sizeof text, "%08x", key->id);
    for (const Oid relation : tables) {
        const pg::Relation opened(relation, AccessShareLock);
        work.push_back(
            {relation, text, "rewrite", pg::call([&] { return RelationGetNumberOfBlocks(opened.get()); }), 0});
        // Plans that other sessions keep, of it or of what it is a part of, hold constants sealed under the older key.
        for (Oid each = relation; OidIsValid(each); each = pg::parent_of(each))
            pg::call([&] { CacheInvalidateRelcacheByRelid(each); });
    }
    RotationTable table;
    for (const Progress &each : work)
        table.begin(each);
    return work;
}

void tell(std::int64_t remaining, std::size_t pins) {
    const std::string rows = std::to_string(remaining), constants = std::to_string(pins);
    pg::call([&] {
        if (remaining > 0)
            ereport(WARNING, (errmsg("%s or more rows are still sealed under older keys", rows.c_str()),
                              errdetail("While they were re-encrypted, others were written with values sealed before."),
                              errhint("CALL gdpr.rotate_data_key(…, new_key => false) again.")));
        if (pins > 0)
            ereport(NOTICE,
                    (errmsg("%s stored constants or statistics are sealed under older keys", constants.c_str()),
                     errhint("SELECT * FROM gdpr.key_pins(). ANALYZE renews statistics; defaults, checks, views "
                             "and the like keep theirs until they are defined anew.")));
    });
}

} // namespace

GDPR_FUNCTION(gdpr_rotate_data_key) {
    pg::Procedure procedure(fcinfo, "gdpr.rotate_data_key()");
    const std::vector<Oid> tables = tables_below(PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0));
    if (!PG_ARGISNULL(0) && tables.empty())
        pg::raise(ERRCODE_WRONG_OBJECT_TYPE, pg::relation_name(PG_GETARG_OID(0)) + " has no encrypted columns", "",
                  "Name a table with encrypted columns, or none for all tables.");
    const std::vector<Progress> work = plan(tables, PG_ARGISNULL(1) || PG_GETARG_BOOL(1));
    procedure.commit();
    std::int64_t remaining = 0;
    for (const Progress &each : work)
        remaining += Rotation(procedure, each).run();
    tell(remaining, rotate::pins().size());
    PG_RETURN_VOID();
}
