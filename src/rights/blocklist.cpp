// The blocklist: identifiers of forgotten people as keyed hashes.
#include "rights/blocklist.hpp"

#include "journal/journal.hpp"
#include "key/key.hpp"
#include "pg/pg.hpp"

namespace gdpr::rights {

namespace {

int period = 0; // days

// The list and how to look into it, until the extension is dropped and made again.
struct Blocklist {
    Oid relation = InvalidOid;
    AttrNumber until = InvalidAttrNumber;
    std::vector<std::uint32_t> keys; // of the hashes in it; none: nobody is on it
    std::optional<pg::Lookup> lookup;
};
Blocklist *list = nullptr;
bool stale = true;

void relation_changed(Oid relation) {
    if (list == nullptr || relation == InvalidOid || relation == list->relation)
        stale = true;
}

std::string_view as_text(const cipher::Digest &digest) {
    return {reinterpret_cast<const char *>(digest.data()), digest.size()};
}

/// A look at the index for each, however many entries there are.
std::vector<std::uint32_t> keys_in_use() {
    const pg::OwnerScope scope(list->relation);
    pg::Spi spi;
    std::vector<std::uint32_t> keys;
    for (std::int64_t last = -1;;) {
        const pg::Rows next =
            spi.run_again("SELECT min(key_id) FROM gdpr.blocklist WHERE key_id > $1", {pg::param(last)});
        if (!next.datum(0, 1))
            return keys;
        last = next.number(0, 1);
        keys.push_back(static_cast<std::uint32_t>(last));
    }
}

const Blocklist &opened_list() {
    if (list == nullptr)
        list = new Blocklist;
    if (stale) {
        list->lookup.reset();
        list->keys.clear();
        list->relation = pg::gdpr_relation("blocklist");
        stale = false; // what changes while we look makes it stale again
        if (OidIsValid(list->relation)) {
            const auto column = [](const char *name) {
                return pg::call([&] { return get_attnum(list->relation, name); });
            };
            list->until = column("until");
            list->lookup.emplace(list->relation, std::vector<AttrNumber>{column("key_id"), column("hash")},
                                 std::vector<Oid>{INT8OID, BYTEAOID});
            list->keys = keys_in_use();
        }
    }
    return *list;
}

bool listed(const Blocklist &blocklist, const cipher::Digest &hash, std::uint32_t key, Snapshot snapshot) {
    bool found = false;
    blocklist.lookup->each({Int64GetDatum(key), pg::text_datum(as_text(hash))}, snapshot, [&](TupleTableSlot *row) {
        found = pg::call([&] {
            bool null;
            const Datum until = slot_getattr(row, list->until, &null);
            return null || DatumGetTimestampTz(until) > GetCurrentTransactionStartTimestamp();
        });
        return !found;
    });
    return found;
}

pg::Param lapse(std::optional<TimestampTz> until) {
    if (!until && period > 0)
        until = GetCurrentTransactionStartTimestamp() + period * USECS_PER_DAY;
    return until ? pg::param(TIMESTAMPTZOID, TimestampTzGetDatum(*until)) : pg::null_param(TIMESTAMPTZOID);
}

/// Every session learns of a key that the list had no entries of.
void announce(std::uint32_t key) {
    if (std::find(list->keys.begin(), list->keys.end(), key) == list->keys.end())
        pg::call([] { CacheInvalidateRelcacheByRelid(list->relation); });
}

} // namespace

bool blocklist_empty() { return opened_list().keys.empty(); }

bool blocked(const Identifier &identifier) {
    const Blocklist &blocklist = opened_list();
    const std::vector<std::uint32_t> keys = blocklist.keys;
    if (keys.empty())
        return false;
    // The newest snapshot: who was forgotten since this transaction began is forgotten.
    const pg::NewestSnapshot snapshot(blocklist.relation);
    return std::any_of(keys.begin(), keys.end(), [&](std::uint32_t key) {
        return listed(blocklist, identifier_hash(identifier, key), key, snapshot.get());
    });
}

std::uint64_t block(const std::set<Identifier> &identifiers, std::string_view ground, bool add,
                    std::optional<TimestampTz> until) {
    std::uint64_t missing = 0;
    for (const Identifier &each : identifiers) {
        if (each.value.empty() || blocked(each))
            continue;
        missing++;
        if (!add)
            continue;
        const std::uint32_t key = key::active(key::Use::blocklist).id;
        {
            const pg::OwnerScope scope(list->relation);
            pg::Spi spi;
            (void)spi.run_again(
                "INSERT INTO gdpr.blocklist (hash, kind, normaliser, key_id, ground, until) VALUES ($1, $2, $3, $4, $5, $6)",
                {pg::param_bytes(as_text(identifier_hash(each, key))), pg::param(to_string(each.kind)),
                 pg::param(static_cast<std::int32_t>(normaliser)), pg::param(static_cast<std::int64_t>(key)),
                 pg::param(ground), lapse(until)});
        }
        announce(key);
    }
    return missing;
}

std::uint64_t unblock(const std::set<Identifier> &identifiers, std::string_view reason) {
    const Blocklist &blocklist = opened_list();
    std::uint64_t lifted = 0;
    for (const Identifier &each : identifiers) {
        std::uint64_t entries = 0;
        for (const std::uint32_t key : blocklist.keys) {
            const pg::OwnerScope scope(blocklist.relation);
            pg::Spi spi;
            entries += spi.run("DELETE FROM gdpr.blocklist WHERE key_id = $1 AND hash = $2",
                               {pg::param(static_cast<std::int64_t>(key)),
                                pg::param_bytes(as_text(identifier_hash(each, key)))})
                           .processed();
        }
        if (entries > 0)
            (void)journal::intend_unblock(each);
        lifted += entries;
    }
    if (lifted > 0) {
        const pg::OwnerScope scope(pg::gdpr_relation("unblocking"));
        pg::Spi spi;
        (void)spi.run("INSERT INTO gdpr.unblocking (reason, entries) VALUES ($1, $2)",
                      {pg::param(reason), pg::param(static_cast<std::int64_t>(lifted))});
    }
    return lifted;
}

cipher::Digest identifier_hash(const Identifier &identifier, std::uint32_t key_id) {
    return cipher::hmac_sha256(
        key::find(key_id).secret,
        cipher::bytes("identifier " + std::string(to_string(identifier.kind)) + '\0' + identifier.value));
}

std::uint64_t restore_block(const cipher::Digest &hash, const journal::Entry &entry) {
    const Oid relation = opened_list().relation;
    std::uint64_t rows = 0;
    {
        const pg::OwnerScope scope(relation);
        pg::Spi spi;
        rows = spi.run("INSERT INTO gdpr.blocklist (hash, kind, normaliser, key_id, ground, since, until)"
                       " SELECT $1, $2, $3, $4, 'erasure', $5, $6"
                       "  WHERE NOT EXISTS (SELECT FROM gdpr.blocklist WHERE key_id = $4 AND hash = $1)",
                       {pg::param_bytes(as_text(hash)), pg::param(entry.identifiers[0].kind),
                        pg::param(static_cast<std::int32_t>(entry.normaliser)),
                        pg::param(static_cast<std::int64_t>(entry.identifier_key)),
                        pg::param(TIMESTAMPTZOID, TimestampTzGetDatum(entry.at)), lapse(std::nullopt)})
                   .processed();
    }
    announce(entry.identifier_key);
    return rows;
}

std::uint64_t lift_block(const cipher::Digest &hash, const journal::Entry &entry) {
    const pg::OwnerScope scope(opened_list().relation);
    pg::Spi spi;
    return spi
        .run("DELETE FROM gdpr.blocklist WHERE key_id = $1 AND hash = $2 AND since <= $3",
             {pg::param(static_cast<std::int64_t>(entry.identifier_key)), pg::param_bytes(as_text(hash)),
              pg::param(TIMESTAMPTZOID, TimestampTzGetDatum(entry.at))})
        .processed();
}

void init_blocklist() {
    DefineCustomIntVariable("gdpr.blocklist_period", "How long a forgotten person is recognised, in days.",
                            "0 means for good. It is fixed for each entry when it is made.", &period, 0, 0, 36500,
                            PGC_SUSET, 0, nullptr, nullptr, nullptr);
    pg::on_relation_change(relation_changed);
}

} // namespace gdpr::rights

using namespace gdpr;

GDPR_FUNCTION(gdpr_block) {
    pg::require_role("gdpr_officer", "block an identifier");
    for (const int argument : {0, 1})
        if (PG_ARGISNULL(argument))
            pg::raise(ERRCODE_NULL_VALUE_NOT_ALLOWED, "identifier and ground cannot be null");
    const rights::Identifier one = rights::identifier(pg::to_string(PG_GETARG_DATUM(0)));
    if (one.value.empty())
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the identifier is empty");
    const auto until = PG_ARGISNULL(2) ? std::nullopt : std::optional<TimestampTz>(PG_GETARG_TIMESTAMPTZ(2));
    PG_RETURN_INT64(static_cast<std::int64_t>(rights::block({one}, pg::to_string(PG_GETARG_DATUM(1)), true, until)));
}

GDPR_FUNCTION(gdpr_unblock) {
    pg::require_role("gdpr_officer", "lift a block");
    PG_RETURN_INT64(static_cast<std::int64_t>(
        rights::unblock({rights::identifier(pg::to_string(PG_GETARG_DATUM(0)))}, pg::to_string(PG_GETARG_DATUM(1)))));
}
