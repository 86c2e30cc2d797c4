#include "key/provider.hpp"

#include "key/command.hpp"
#include "pg/pg.hpp"

#include <ctime>

namespace gdpr::key {

namespace {

char *keyring_file = nullptr;
char *key_command = nullptr;
int key_command_timeout = 10000;

// Of the key command alone: the file's secrets are read anew with the file.
std::map<std::string, cipher::Key> *secrets = nullptr;

bool is_interrupted() { return InterruptPending && (QueryCancelPending || ProcDiePending); }

bool has_command() { return key_command != nullptr && key_command[0] != '\0'; }

/// Runs a step with the key command, its failures as PostgreSQL's errors.
template <typename Step> auto with_command(std::uint32_t epoch, Step step) {
    const std::string detail = "The key provider is \"command\", root key of epoch " + std::to_string(epoch) + ".";
    if (!has_command())
        pg::raise(ERRCODE_CONFIG_FILE_ERROR, "the setting gdpr.key_command is empty", detail,
                  "Set it to the command that keeps this root key.");
    try {
        return step(Command{key_command, std::chrono::milliseconds(key_command_timeout), is_interrupted});
    } catch (const CommandFailure &failure) {
        pg::call([] { CHECK_FOR_INTERRUPTS(); });
        pg::raise(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION, "the key command " + failure.reason, detail,
                  "Run the command by hand, as the server's user, to see what it says. gdpr.key_command_timeout "
                  "limits its time.");
    }
}

std::string now_text() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

/// Unique wherever the key command keeps it: two servers may share a token, and a crash may leave an orphan behind.
std::string new_name(std::uint32_t epoch) {
    std::array<std::uint8_t, 8> random{};
    if (!cipher::random_bytes(random.data(), random.size()))
        throw cipher::Failure();
    std::string name = "gdpr-";
    append_hex(name, random);
    return name + "-" + std::to_string(epoch);
}

} // namespace

void raise(const KeyringError &error) {
    const bool access = error.kind == KeyringError::Kind::exposed || error.kind == KeyringError::Kind::unreadable;
    const int state = error.kind == KeyringError::Kind::damaged   ? ERRCODE_CONFIG_FILE_ERROR
                      : error.kind == KeyringError::Kind::missing ? ERRCODE_UNDEFINED_FILE
                      : access                                    ? ERRCODE_INSUFFICIENT_PRIVILEGE
                                                                  : ERRCODE_IO_ERROR;
    pg::raise(state, error.reason, std::string("The key provider is \"") + (has_command() ? "command" : "file") + "\".",
              error.hint);
}

std::string keyring_path() {
    if (keyring_file != nullptr && keyring_file[0] != '\0')
        return keyring_file;
    std::string data(DataDir);
    while (data.size() > 1 && data.back() == '/')
        data.pop_back();
    return data + ".gdpr-keyring";
}

const char *provider_of(const RootKey &root) noexcept { return root.name.empty() ? "file" : "command"; }

std::string keyring_detail(const RootKey *root) {
    return "The keyring is \"" + keyring_path() + "\", provider \"" +
           (root != nullptr ? provider_of(*root)
            : has_command() ? "command"
                            : "file") +
           "\".";
}

const cipher::Key &secret_of(const RootKey &root) {
    if (root.name.empty())
        return root.secret;
    if (secrets == nullptr)
        secrets = new std::map<std::string, cipher::Key>;
    if (const auto known = secrets->find(root.name); known != secrets->end())
        return known->second;
    return (*secrets)[root.name] =
               with_command(root.epoch, [&](const Command &command) { return command.get(root.name); });
}

const cipher::Key &root_secret(const Keyring &ring, std::uint32_t epoch) {
    const RootKey *root = ring.root(epoch);
    if (root == nullptr)
        pg::raise(ERRCODE_CONFIG_FILE_ERROR, "root key of epoch " + std::to_string(epoch) + " is not in the keyring",
                  keyring_detail(nullptr), "Restore the keyring that this database was written with.");
    return secret_of(*root);
}

Provider provider_named(const std::optional<std::string> &name) {
    if (!name)
        return has_command() ? Provider::command : Provider::file;
    if (*name != "file" && *name != "command")
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "there is no key provider of that name", "",
                  "The providers are file and command.");
    return *name == "file" ? Provider::file : Provider::command;
}

RootKey make_root(std::uint32_t epoch, Provider provider) {
    RootKey root{epoch, now_text(), "", cipher::Key::random()};
    if (provider == Provider::command) {
        root.name = new_name(epoch);
        with_command(epoch, [&](const Command &command) { command.create(root.name, root.secret); });
    }
    return root;
}

void destroy_root(const RootKey &root) {
    if (root.name.empty())
        return;
    with_command(root.epoch, [&](const Command &command) { command.destroy(root.name); });
    if (secrets != nullptr)
        secrets->erase(root.name);
}

std::uint64_t database_identity(Oid database) {
    const std::uint64_t place[] = {pg::call([] { return GetSystemIdentifier(); }), database};
    const cipher::Digest digest = cipher::sha256({reinterpret_cast<const std::uint8_t *>(place), sizeof place});
    std::uint64_t identity = 0;
    std::memcpy(&identity, digest.data(), sizeof identity);
    return identity >> 1; // SQL has no unsigned numbers
}

void forget_root_secrets() noexcept {
    if (secrets != nullptr)
        secrets->clear();
}

void init_provider() {
    DefineCustomStringVariable(
        "gdpr.keyring_file", "Path of the file that holds the root keys.",
        "Empty means the data directory's name followed by \".gdpr-keyring\", beside the data directory.",
        &keyring_file, "", PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
    DefineCustomStringVariable(
        "gdpr.key_command", "Command that keeps root keys outside the keyring, in a token or a key service.",
        "Called by the shell with get, create or destroy and the name of a key; secrets pass through pipes. Empty "
        "means that new root keys are kept in the keyring.",
        &key_command, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("gdpr.key_command_timeout", "How long the key command may take.", nullptr,
                            &key_command_timeout, 10000, 1, 600000, PGC_SIGHUP, GUC_UNIT_MS, nullptr, nullptr, nullptr);
}

} // namespace gdpr::key
