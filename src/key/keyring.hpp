// The keyring: a file beside the data directory that holds the root keys, one an epoch, or says by what name the key
// command knows them, and a copy of every data key wrapped by them, so that values can be read before gdpr.key is (a
// restore, VACUUM, a standby).
#pragma once

#include "cipher/cipher.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gdpr::key {

/// What keys are for. The names are stored; never renumber.
enum class Use : std::uint8_t { data = 1, hash = 2, blocklist = 3, audit = 4, seal = 5, pending = 6, journal = 7 };

std::string_view use_name(Use use);
std::optional<Use> use_of(std::string_view name);

struct RootKey {
    std::uint32_t epoch = 0;
    std::string created;
    std::string name; // as the key command knows it; empty where the keyring itself holds the secret
    cipher::Key secret;
};

struct WrappedKey {
    std::uint32_t id = 0;
    Use use = Use::data;
    std::uint32_t epoch = 0;
    std::uint64_t database = 0;   // which one it was made for: see database_identity()
    std::uint32_t generation = 1; // of the keys of one use and database the highest is the active one
    std::uint64_t first_use = 0;  // how many values the database had sealed when it was made
    std::array<std::uint8_t, cipher::wrapped_size> wrapped{};
};

/// The keyring cannot be used; `reason` completes "could not use the keyring: …". Carries no key material.
struct KeyringError : std::exception {
    enum class Kind { missing, unreadable, exposed, damaged, unwritable };
    Kind kind;
    std::string reason;
    std::string hint;
    KeyringError(Kind k, std::string r, std::string h) : kind(k), reason(std::move(r)), hint(std::move(h)) {}
    const char *what() const noexcept override { return reason.c_str(); }
};

class Keyring {
  public:
    /// Reads and checks the file; throws KeyringError.
    static Keyring load(const std::string &path);

    /// Writes it atomically: a temporary file of mode 0600 beside it, fsync, rename, fsync of the directory.
    /// A symbolic link stays, and what it leads to is replaced.
    void store(const std::string &path) const;

    const RootKey *root(std::uint32_t epoch) const noexcept;
    const RootKey *newest_root() const noexcept;
    const WrappedKey *find(std::uint32_t id) const noexcept;

    std::vector<RootKey> roots;
    std::vector<WrappedKey> keys;
    /// The epoch that wraps all of a database's own record of its keys, as far as is known.
    std::map<std::uint64_t, std::uint32_t> databases;
};

/// Holds the keyring's lock file exclusively, against other backends that would write it.
class KeyringLock {
  public:
    explicit KeyringLock(const std::string &path);
    ~KeyringLock();
    KeyringLock(const KeyringLock &) = delete;
    KeyringLock &operator=(const KeyringLock &) = delete;

  private:
    int descriptor_;
};

} // namespace gdpr::key
