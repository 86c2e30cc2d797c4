// Where root keys come from: the keyring itself (provider "file"), or the key command ("command").
#pragma once

#include "key/keyring.hpp"
#include "pg/postgres.hpp"

namespace gdpr::key {

/// Where the keyring is: the setting, or a file beside the data directory.
std::string keyring_path();

/// Raises a keyring's error as PostgreSQL's.
[[noreturn]] void raise(const KeyringError &error);

/// Runs a step on the keyring's path, its errors as PostgreSQL's.
template <typename Step> decltype(auto) with_keyring(Step step) {
    const std::string path = keyring_path();
    try {
        return step(path);
    } catch (const KeyringError &error) {
        raise(error);
    }
}

/// "file" or "command".
const char *provider_of(const RootKey &root) noexcept;

/// The secret of a root key that the keyring names; asked for once in the life of the backend. Raises.
const cipher::Key &secret_of(const RootKey &root);

/// The secret of an epoch; raises where the keyring does not have it, naming provider and epoch.
const cipher::Key &root_secret(const Keyring &ring, std::uint32_t epoch);

enum class Provider { file, command };

/// The provider of this name; without one, the key command where the settings have one.
Provider provider_named(const std::optional<std::string> &name);

/// A new root key. Nothing names it until the keyring is stored with it.
RootKey make_root(std::uint32_t epoch, Provider provider);

/// Destroys it where its provider keeps it; of the file's the keyring is to be stored without it.
void destroy_root(const RootKey &root);

/// DETAIL of errors about keys that are there but cannot be used.
std::string keyring_detail(const RootKey *root);

/// Which database this is, among all that a keyring may serve: the same in its physical copies, another one in
/// whatever a dump of it is restored to.
std::uint64_t database_identity(Oid database);
inline std::uint64_t database_identity() { return database_identity(MyDatabaseId); }

void forget_root_secrets() noexcept;

void init_provider();

} // namespace gdpr::key
