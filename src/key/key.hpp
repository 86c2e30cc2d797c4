// Keys as the other rooms use them: by id to read, by use to write. Cached in the backend, loaded from the
// keyring at first need, made at the first encryption.
#pragma once

#include "cipher/cipher.hpp"
#include "key/keyring.hpp"
#include "pg/postgres.hpp"

namespace gdpr::key {

/// A loaded key. Lives as long as the backend.
struct Loaded {
    std::uint32_t id;
    Use use;
    cipher::Key secret;
    cipher::Aead aead;
    cipher::KeyedHash hash;
    explicit Loaded(std::uint32_t i, Use u, const cipher::Key &key)
        : id(i), use(u), secret(key), aead(key), hash(key) {}
};

/// The key with this id, or raises: names keyring and key, never the value. Safe to call per value.
Loaded &find(std::uint32_t id);

/// The key that new values of this use are sealed with; makes one where there is none. Safe to call per value.
Loaded &active(Use use);

/// HMAC-SHA256 under the key of that use.
cipher::Digest mac(Use use, std::string_view data);

/// Makes the first root key if there is none; returns whether it did.
bool ensure_root();

/// Where the keyring is: the setting, or a file beside the data directory.
std::string keyring_path();

/// Settings, invalidation callbacks, cleansing at exit.
void init();

} // namespace gdpr::key
