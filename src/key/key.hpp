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
    std::uint32_t generation;
    std::uint64_t first_use;
    cipher::Key secret;
    cipher::Aead aead;
    cipher::KeyedHash hash;
    Loaded(const WrappedKey &key, const cipher::Key &opened)
        : id(key.id), use(key.use), generation(key.generation), first_use(key.first_use), secret(opened), aead(opened),
          hash(opened) {}
    /// For nonces that are computed. Throws as cipher::derive does.
    const cipher::Key &nonce_secret() {
        if (!nonces)
            nonces = std::make_unique<cipher::Key>(cipher::derive(secret, "nonces of computed values"));
        return *nonces;
    }

  private:
    std::unique_ptr<cipher::Key> nonces; // made at first need
};

/// The key with this id, or raises: names keyring and key, never the value. Safe to call per value.
Loaded &find(std::uint32_t id);

/// The key that new values of this use are sealed with; makes one where there is none. Safe to call per value.
Loaded &active(Use use);

/// The data key for one new value, which is counted; a key that was used too often is succeeded by a new one. Safe to
/// call per value.
Loaded &sealing();

/// Makes a data key in the place of this one, unless another backend did already, and records it. In this and, once
/// the transaction has committed, in every backend it is the active one.
Loaded &succeed(const Loaded &old);

/// HMAC-SHA256 under the key of that use.
cipher::Digest mac(Use use, std::string_view data);

/// Makes the first root key if there is none; returns whether it did.
bool ensure_root();

/// Settings, invalidation callbacks, cleansing at exit.
void init();

} // namespace gdpr::key
