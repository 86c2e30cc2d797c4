// New root keys: the data keys are wrapped anew, values stay as they are.
#include "key/key.hpp"
#include "key/provider.hpp"
#include "key/table.hpp"
#include "pg/pg.hpp"

using namespace gdpr;
using key::Keyring;
using key::RootKey;
using key::WrappedKey;

namespace {

/// Keeps other rotations of this database away until the end of the transaction; sessions go on recording new keys.
void lock_key_table(pg::Spi &spi) { (void)spi.run("LOCK TABLE gdpr.key IN SHARE UPDATE EXCLUSIVE MODE"); }

/// Wraps a key by another root key; false where its own is not there or does not open it.
bool rewrap(WrappedKey &wrapped, const Keyring &ring, const RootKey &root) {
    if (wrapped.epoch == root.epoch)
        return true;
    const RootKey *old = ring.root(wrapped.epoch);
    cipher::Key secret;
    if (old == nullptr || !cipher::unwrap(key::secret_of(*old), wrapped.wrapped, secret))
        return false;
    wrapped.wrapped = cipher::wrap(key::secret_of(root), secret);
    wrapped.epoch = root.epoch;
    return true;
}

struct Outcome {
    std::vector<WrappedKey> own; // this database's keys, as gdpr.key is to have them
    RootKey root;
    std::size_t rewrapped = 0, left = 0;
};

/// The keyring is stored before gdpr.key changes: whatever becomes of the transaction, its old root keys are still
/// there for what the table holds.
Outcome rotate(bool make, key::Provider provider, const std::string &path) {
    const std::vector<WrappedKey> recorded = key::table_keys();
    // Keys are fetched before the lock, for which every first encryption waits.
    for (const RootKey &root : Keyring::load(path).roots)
        (void)key::secret_of(root);
    const key::KeyringLock lock(path);
    Keyring ring = Keyring::load(path);
    const RootKey *newest = ring.newest_root();
    if (make || newest == nullptr) {
        ring.roots.push_back(key::make_root(newest != nullptr ? newest->epoch + 1 : 1, provider));
        newest = &ring.roots.back();
    }
    Outcome outcome;
    outcome.root = *newest;
    for (WrappedKey &each : ring.keys) {
        const bool needed = each.epoch != newest->epoch;
        if (rewrap(each, ring, *newest))
            outcome.rewrapped += needed ? 1 : 0;
        else
            outcome.left++;
    }
    bool whole = true;
    for (WrappedKey each : recorded) {
        if (const WrappedKey *known = ring.find(each.id)) {
            each.epoch = known->epoch;
            each.wrapped = known->wrapped;
        } else if (rewrap(each, ring, *newest)) {
            ring.keys.push_back(each); // a dump brought it along
            outcome.rewrapped++;
        }
        whole = whole && each.epoch == newest->epoch;
        outcome.own.push_back(each);
    }
    if (whole)
        ring.databases[key::database_identity()] = newest->epoch;
    ring.store(path);
    return outcome;
}

void record(pg::Spi &spi, const std::vector<WrappedKey> &keys) {
    for (const WrappedKey &each : keys)
        (void)spi.run("UPDATE gdpr.key SET epoch = $2, wrapped = $3 WHERE id = $1 AND epoch <> $2",
                      {pg::param(static_cast<std::int64_t>(each.id)), pg::param(static_cast<std::int32_t>(each.epoch)),
                       pg::param_bytes({reinterpret_cast<const char *>(each.wrapped.data()), each.wrapped.size()})});
}

void tell(const Outcome &outcome) {
    const std::string epoch = std::to_string(outcome.root.epoch), count = std::to_string(outcome.rewrapped),
                      left = std::to_string(outcome.left), path = key::keyring_path();
    const char *provider = key::provider_of(outcome.root);
    pg::call([&] {
        ereport(NOTICE,
                (errmsg("root key of epoch %s, provider \"%s\", wraps the keys", epoch.c_str(), provider),
                 errdetail("%s keys were wrapped anew.", count.c_str()),
                 errhint("Back up the keyring \"%s\" now. Call gdpr.rotate_root_key(make => false) in the other "
                         "databases of this server.",
                         path.c_str())));
        if (outcome.left > 0)
            ereport(WARNING,
                    (errmsg("%s keys of the keyring could not be opened and were left as they are", left.c_str()),
                     errdetail("The root keys that wrap them are not in the keyring, or are others.")));
    });
}

/// Databases of this server that may still hold keys wrapped by `epoch`: those that load the library and are not
/// known to have moved on.
std::vector<std::string> databases_that_may_need(pg::Spi &spi, const Keyring &ring, std::uint32_t epoch) {
    std::vector<std::string> names;
    const pg::Rows rows =
        spi.run("SELECT d.oid, d.datname::text FROM pg_catalog.pg_database d JOIN pg_catalog.pg_db_role_setting s"
                "    ON s.setdatabase = d.oid AND s.setrole = 0"
                " WHERE EXISTS (SELECT FROM pg_catalog.unnest(s.setconfig) AS setting"
                "                WHERE setting LIKE 'session\\_preload\\_libraries=%gdpr%') ORDER BY d.datname");
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const auto known = ring.databases.find(key::database_identity(rows.oid(row, 1)));
        if (known == ring.databases.end() || known->second <= epoch)
            names.push_back(rows.text_or(row, 2));
    }
    return names;
}

[[noreturn]] void needed(std::uint32_t epoch, const std::string &detail) {
    pg::raise(ERRCODE_OBJECT_IN_USE, "root key of epoch " + std::to_string(epoch) + " is still needed", detail,
              "CALL gdpr.rotate_root_key(make => false) wraps a database's keys by the newest one.");
}

} // namespace

GDPR_FUNCTION(gdpr_rotate_root_key) {
    const bool make = PG_ARGISNULL(0) || PG_GETARG_BOOL(0);
    const key::Provider provider = key::provider_named(
        PG_ARGISNULL(1) ? std::nullopt : std::optional<std::string>(pg::to_string(PG_GETARG_DATUM(1))));
    const pg::OwnerScope scope(pg::gdpr_relation("key"));
    pg::Spi spi;
    lock_key_table(spi);
    const Outcome outcome = key::with_keyring([&](const std::string &path) { return rotate(make, provider, path); });
    record(spi, outcome.own);
    tell(outcome);
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_destroy_root_key) {
    if (PG_ARGISNULL(0))
        pg::raise(ERRCODE_NULL_VALUE_NOT_ALLOWED, "the epoch of a root key is missing", "",
                  "gdpr.root_keys() lists them.");
    const auto epoch = static_cast<std::uint32_t>(PG_GETARG_INT64(0));
    const pg::OwnerScope scope(pg::gdpr_relation("key"));
    pg::Spi spi;
    lock_key_table(spi);
    key::with_keyring([&](const std::string &path) {
        const std::vector<WrappedKey> recorded = key::table_keys();
        const key::KeyringLock lock(path);
        Keyring ring = Keyring::load(path);
        const RootKey *root = ring.root(epoch);
        if (root == nullptr || PG_GETARG_INT64(0) != root->epoch)
            pg::raise(ERRCODE_UNDEFINED_OBJECT,
                      "the keyring has no root key of epoch " + std::to_string(PG_GETARG_INT64(0)),
                      key::keyring_detail(nullptr), "gdpr.root_keys() lists them.");
        if (root == ring.newest_root())
            needed(epoch, "It is the newest one.");
        for (const auto *keys : std::initializer_list<const std::vector<WrappedKey> *>{&ring.keys, &recorded})
            for (const WrappedKey &each : *keys)
                if (each.epoch == epoch)
                    needed(epoch, "It wraps a key.");
        if (const auto names = databases_that_may_need(spi, ring, epoch); !names.empty())
            needed(epoch, "Database \"" + names.front() + "\" may hold keys that it wraps.");
        // First where it is kept: a failure then leaves it named, and it can be tried again.
        key::destroy_root(*root);
        std::erase_if(ring.roots, [&](const RootKey &each) { return each.epoch == epoch; });
        ring.store(path);
    });
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_root_keys) {
    pg::ResultSet result(fcinfo);
    Keyring ring = key::with_keyring([](const std::string &path) { return Keyring::load(path); });
    std::sort(ring.roots.begin(), ring.roots.end(),
              [](const RootKey &one, const RootKey &other) { return one.epoch > other.epoch; });
    for (const RootKey &root : ring.roots) {
        const auto keys = std::count_if(ring.keys.begin(), ring.keys.end(),
                                        [&](const WrappedKey &each) { return each.epoch == root.epoch; });
        const Datum created = pg::call([&] {
            return DirectFunctionCall3(timestamptz_in, CStringGetDatum(root.created.c_str()),
                                       ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
        });
        result.add({pg::param(static_cast<std::int64_t>(root.epoch)), pg::param(key::provider_of(root)),
                    pg::param(TIMESTAMPTZOID, created),
                    pg::param(root.epoch == ring.newest_root()->epoch ? "active" : "old"),
                    pg::param(static_cast<std::int64_t>(keys))});
    }
    return PointerGetDatum(nullptr);
}

GDPR_FUNCTION(gdpr_database_identity) { PG_RETURN_INT64(static_cast<int64>(key::database_identity())); }
