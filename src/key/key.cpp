#include "key/key.hpp"

#include "key/provider.hpp"
#include "key/table.hpp"
#include "key/usage.hpp"
#include "pg/pg.hpp"

#include <charconv>

namespace gdpr::key {

namespace {

// Never freed, only cleansed at exit: values of any age may still need any key.
std::map<std::uint32_t, std::unique_ptr<Loaded>> *loaded = nullptr;
Loaded *last = nullptr;
std::map<Use, Loaded *> *current = nullptr;

std::string hex_id(std::uint32_t id) {
    char text[8];
    const auto end = std::to_chars(text, text + sizeof text, id, 16).ptr;
    return std::string(8 - static_cast<std::size_t>(end - text), '0').append(text, end);
}

Loaded &remember(const WrappedKey &wrapped, const Keyring &ring) {
    if (const auto known = loaded->find(wrapped.id); known != loaded->end())
        return *known->second;
    cipher::Key secret;
    if (!cipher::unwrap(root_secret(ring, wrapped.epoch), wrapped.wrapped, secret))
        pg::raise(ERRCODE_CONFIG_FILE_ERROR,
                  "root key of epoch " + std::to_string(wrapped.epoch) + " does not open key " + hex_id(wrapped.id),
                  keyring_detail(ring.root(wrapped.epoch)),
                  "It is another database's keyring. Restore the one that this database was written with.");
    return *loaded->emplace(wrapped.id, std::make_unique<Loaded>(wrapped, secret)).first->second;
}

Loaded &load(std::uint32_t id) {
    return with_keyring([&](const std::string &path) -> Loaded & {
        const Keyring ring = Keyring::load(path);
        if (const WrappedKey *wrapped = ring.find(id))
            return remember(*wrapped, ring);
        // A dump brings gdpr.key along; the keyring may have only the root keys.
        if (const auto wrapped = table_find(id))
            return remember(*wrapped, ring);
        pg::raise(ERRCODE_CONFIG_FILE_ERROR, "key " + hex_id(id) + " is not in the keyring",
                  keyring_detail(ring.newest_root()), "Restore the keyring that the value was written with.");
    });
}

/// Adds a key to the keyring, wrapped by the newest root key.
const WrappedKey &make(Use use, std::uint32_t generation, std::uint64_t first_use, Keyring &ring) {
    const RootKey *root = ring.newest_root();
    if (root == nullptr)
        throw KeyringError(KeyringError::Kind::damaged, "the keyring holds no root key", "");
    WrappedKey key;
    do {
        if (!cipher::random_bytes(reinterpret_cast<std::uint8_t *>(&key.id), sizeof key.id))
            throw cipher::Failure();
    } while (key.id == 0 || ring.find(key.id) != nullptr);
    key.use = use;
    key.epoch = root->epoch;
    key.database = database_identity();
    key.generation = generation;
    key.first_use = first_use;
    key.wrapped = cipher::wrap(secret_of(*root), cipher::Key::random());
    return ring.keys.emplace_back(key);
}

/// One keyed hash serves the whole keyring: indexes and partitions built on it must outlive a restore into
/// another database; so must the hashes of journal and blocklist. Every other use has keys of its own in each database.
bool shared(Use use) { return use == Use::hash || use == Use::journal || use == Use::blocklist; }

const WrappedKey *newest(Use use, const Keyring &ring) {
    const std::uint64_t here = database_identity();
    const WrappedKey *found = nullptr;
    for (const WrappedKey &key : ring.keys)
        if (key.use == use && (shared(use) || key.database == here) &&
            (found == nullptr || key.generation >= found->generation))
            found = &key;
    return found;
}

/// The newest key of the keyring, of that generation or a later one; made where there is none.
Loaded &newest_or_made(Use use, std::uint32_t generation) {
    return with_keyring([&](const std::string &path) -> Loaded & {
        const auto suits = [&](const WrappedKey *key) { return key != nullptr && key->generation >= generation; };
        const std::uint64_t first_use = use == Use::data ? values_sealed() : 0;
        Keyring ring = Keyring::load(path);
        if (!suits(newest(use, ring))) {
            if (const RootKey *root = ring.newest_root())
                (void)secret_of(*root); // the key command may take its time: not while others wait for the lock
            const KeyringLock lock(path);
            ring = Keyring::load(path);
            if (!suits(newest(use, ring))) {
                make(use, generation, first_use, ring);
                ring.store(path);
            }
        }
        // The table's lock is waited for without the file's: PostgreSQL sees no deadlock that passes through a file.
        const WrappedKey *key = newest(use, ring);
        table_record(*key);
        return remember(*key, ring);
    });
}

Loaded &choose(Use use) {
    if (!shared(use))
        if (const auto recorded = table_active(use))
            return find(recorded->id);
    return newest_or_made(use, 1);
}

void cleanse_all(int, Datum) {
    if (loaded != nullptr)
        loaded->clear();
    last = nullptr;
    forget_root_secrets();
}

void prepare() {
    if (loaded != nullptr)
        return;
    loaded = new std::map<std::uint32_t, std::unique_ptr<Loaded>>;
    current = new std::map<Use, Loaded *>;
    pg::call([] { before_shmem_exit(cleanse_all, 0); });
}

} // namespace

Loaded &find(std::uint32_t id) {
    if (last != nullptr && last->id == id)
        return *last;
    prepare();
    const auto found = loaded->find(id);
    last = found != loaded->end() ? found->second.get() : &load(id);
    return *last;
}

Loaded &active(Use use) {
    prepare();
    const auto found = current->find(use);
    if (found != current->end())
        return *found->second;
    Loaded &key = choose(use);
    (*current)[use] = &key;
    return key;
}

Loaded &succeed(const Loaded &old) {
    prepare();
    Loaded &key = newest_or_made(old.use, old.generation + 1);
    forget_active();
    (*current)[old.use] = &key;
    return key;
}

cipher::Digest mac(Use use, std::string_view data) {
    return cipher::hmac_sha256(active(use).secret, cipher::bytes(data));
}

bool ensure_root() {
    return with_keyring([](const std::string &path) {
        const KeyringLock lock(path);
        try {
            (void)Keyring::load(path);
            return false;
        } catch (const KeyringError &error) {
            if (error.kind != KeyringError::Kind::missing)
                throw;
        }
        Keyring ring;
        ring.roots.push_back(make_root(1, provider_named(std::nullopt)));
        ring.store(path);
        return true;
    });
}

void forget_active() noexcept {
    if (current != nullptr)
        current->clear();
    forget_sealing();
}

void init() {
    init_provider();
    init_usage();
    init_table();
    if (process_shared_preload_libraries_in_progress)
        cipher::prepare();
}

} // namespace gdpr::key
