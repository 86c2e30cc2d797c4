#include "key/key.hpp"

#include "key/table.hpp"
#include "pg/pg.hpp"

#include <charconv>
#include <ctime>

namespace gdpr::key {

namespace {

char *keyring_file = nullptr;

// Never freed, only cleansed at exit: values of any age may still need any key.
std::map<std::uint32_t, std::unique_ptr<Loaded>> *loaded = nullptr;
Loaded *last = nullptr;
std::map<Use, Loaded *> *current = nullptr;

[[noreturn]] void raise(const KeyringError &error) {
    const bool access = error.kind == KeyringError::Kind::exposed || error.kind == KeyringError::Kind::unreadable;
    const int state = error.kind == KeyringError::Kind::damaged   ? ERRCODE_CONFIG_FILE_ERROR
                      : error.kind == KeyringError::Kind::missing ? ERRCODE_UNDEFINED_FILE
                      : access                                    ? ERRCODE_INSUFFICIENT_PRIVILEGE
                                                                  : ERRCODE_IO_ERROR;
    pg::raise(state, error.reason, "The key provider is \"file\".", error.hint);
}

/// Runs a step on the keyring, its errors as PostgreSQL's.
template <typename Step> decltype(auto) with_keyring(Step step) {
    const std::string path = keyring_path();
    try {
        return step(path);
    } catch (const KeyringError &error) {
        raise(error);
    }
}

std::string hex_id(std::uint32_t id) {
    char text[8];
    const auto end = std::to_chars(text, text + sizeof text, id, 16).ptr;
    return std::string(8 - static_cast<std::size_t>(end - text), '0').append(text, end);
}

Loaded &remember(const WrappedKey &wrapped, const Keyring &ring) {
    if (const auto known = loaded->find(wrapped.id); known != loaded->end())
        return *known->second;
    const RootKey *root = ring.root(wrapped.epoch);
    if (root == nullptr)
        pg::raise(ERRCODE_CONFIG_FILE_ERROR,
                  "root key of epoch " + std::to_string(wrapped.epoch) + " is not in the keyring",
                  "The keyring is \"" + keyring_path() + "\", provider \"file\".",
                  "Restore the keyring that this database was written with.");
    cipher::Key secret;
    if (!cipher::unwrap(root->secret, wrapped.wrapped, secret))
        pg::raise(ERRCODE_CONFIG_FILE_ERROR,
                  "root key of epoch " + std::to_string(wrapped.epoch) + " does not open key " + hex_id(wrapped.id),
                  "The keyring is \"" + keyring_path() + "\", provider \"file\".",
                  "It is another database's keyring. Restore the one that this database was written with.");
    return *loaded->emplace(wrapped.id, std::make_unique<Loaded>(wrapped.id, wrapped.use, secret)).first->second;
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
                  "The keyring is \"" + path + "\", provider \"file\", newest epoch " +
                      std::to_string(ring.newest_root() ? ring.newest_root()->epoch : 0) + ".",
                  "Restore the keyring that the value was written with.");
    });
}

void make(Use use, Keyring &ring) {
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
    key.database = MyDatabaseId;
    key.wrapped = cipher::wrap(root->secret, cipher::Key::random());
    ring.keys.push_back(key);
}

/// One keyed hash serves the whole keyring: indexes and partitions built on it must outlive a restore into
/// another database. Every other use has keys of its own in each database.
const WrappedKey *reusable(Use use, const Keyring &ring) {
    const WrappedKey *found = nullptr;
    for (const WrappedKey &key : ring.keys)
        if (key.use == use && (use == Use::hash || key.database == MyDatabaseId))
            found = &key;
    return found;
}

Loaded &choose(Use use) {
    if (use != Use::hash)
        if (const auto recorded = table_active(use))
            return find(recorded->id);
    return with_keyring([&](const std::string &path) -> Loaded & {
        Keyring ring = Keyring::load(path);
        if (reusable(use, ring) == nullptr) {
            const KeyringLock lock(path);
            ring = Keyring::load(path);
            if (reusable(use, ring) == nullptr) {
                make(use, ring);
                ring.store(path);
            }
        }
        // The table's lock is waited for without the file's: PostgreSQL sees no deadlock that passes through a file.
        const WrappedKey *key = reusable(use, ring);
        table_record(*key);
        return remember(*key, ring);
    });
}

void cleanse_all(int, Datum) {
    if (loaded != nullptr)
        loaded->clear();
    last = nullptr;
}

void prepare() {
    if (loaded != nullptr)
        return;
    loaded = new std::map<std::uint32_t, std::unique_ptr<Loaded>>;
    current = new std::map<Use, Loaded *>;
    pg::call([] { before_shmem_exit(cleanse_all, 0); });
}

std::string now_text() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

} // namespace

std::string keyring_path() {
    if (keyring_file != nullptr && keyring_file[0] != '\0')
        return keyring_file;
    std::string data(DataDir);
    while (data.size() > 1 && data.back() == '/')
        data.pop_back();
    return data + ".gdpr-keyring";
}

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
        ring.roots.push_back(RootKey{1, now_text(), cipher::Key::random()});
        ring.store(path);
        return true;
    });
}

void forget_active() noexcept {
    if (current != nullptr)
        current->clear();
}

void init() {
    DefineCustomStringVariable(
        "gdpr.keyring_file", "Path of the file that holds the root keys.",
        "Empty means the data directory's name followed by \".gdpr-keyring\", beside the data directory.",
        &keyring_file, "", PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
    init_table();
}

} // namespace gdpr::key
