#include "key/keyring.hpp"

#include "key/descriptor.hpp"
#include "key/secret_text.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef POSTGRES_H
#error "this file is pure C++"
#endif

namespace gdpr::key {

namespace {

using Kind = KeyringError::Kind;

constexpr std::string_view magic = "gdpr-keyring 1\n";
constexpr std::string_view restore_hint =
    "Restore the keyring from its backup; without it encrypted values cannot be read.";

std::string because() { return std::strerror(errno); }

std::string hex(cipher::Bytes bytes) {
    std::string out;
    append_hex(out, bytes);
    return out;
}

template <typename Number> bool number(std::string_view text, Number &out, int base = 10) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
    return error == std::errc() && end == text.data() + text.size();
}

std::vector<std::string_view> words(std::string_view line) {
    std::vector<std::string_view> out;
    while (!line.empty()) {
        const auto space = line.find(' ');
        out.push_back(line.substr(0, space));
        line = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
    }
    return out;
}

[[noreturn]] void damaged(const std::string &path, const char *what) {
    throw KeyringError(Kind::damaged, "the keyring \"" + path + "\" is " + what, std::string(restore_hint));
}

bool parse_root(const std::vector<std::string_view> &word, Keyring &ring) {
    RootKey root;
    root.created = word[2];
    if (!number(word[1], root.epoch))
        return false;
    if (word[3] == "command")
        root.name = word[4];
    else if (word[3] != "file" || !unhex(word[4], {root.secret.data(), cipher::key_size}))
        return false;
    ring.roots.push_back(root);
    return true;
}

bool parse_key(const std::vector<std::string_view> &word, Keyring &ring) {
    WrappedKey key;
    const auto use = use_of(word[2]);
    if (!use || !number(word[1], key.id, 16) || !number(word[3], key.epoch) || !number(word[4], key.database) ||
        !number(word[5], key.generation) || !number(word[6], key.first_use) || !unhex(word[7], key.wrapped))
        return false;
    key.use = *use;
    ring.keys.push_back(key);
    return true;
}

bool parse_line(const std::vector<std::string_view> &word, Keyring &ring) {
    if (word.size() == 5 && word[0] == "root")
        return parse_root(word, ring);
    if (word.size() == 8 && word[0] == "key")
        return parse_key(word, ring);
    std::uint64_t database = 0;
    return word.size() == 3 && word[0] == "database" && number(word[1], database) &&
           number(word[2], ring.databases[database]);
}

/// Where a symbolic link leads: what is replaced is the file, not the link to it.
std::string behind_links(const std::string &path) {
    const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(path.c_str(), nullptr), std::free);
    return resolved != nullptr ? resolved.get() : path;
}

void read_all(int file, std::string &out) {
    struct stat status {};
    if (fstat(file, &status) == 0 && status.st_size > 0)
        out.reserve(static_cast<std::size_t>(status.st_size) + 1); // no reallocation leaves a copy behind
    char buffer[4096];
    ssize_t got;
    while ((got = read(file, buffer, sizeof buffer)) > 0)
        out.append(buffer, static_cast<std::size_t>(got));
    cipher::cleanse(buffer, sizeof buffer);
}

void check_access(int file, const std::string &path) {
    struct stat status {};
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        throw KeyringError(Kind::unreadable, "the keyring \"" + path + "\" is not a regular file",
                           "Set gdpr.keyring_file to the path of a keyring, or restore it there.");
    if (status.st_uid != geteuid())
        throw KeyringError(Kind::exposed, "the keyring \"" + path + "\" does not belong to the server's user",
                           "chown it to the user the server runs as.");
    if ((status.st_mode & 077) != 0)
        throw KeyringError(Kind::exposed, "the keyring \"" + path + "\" can be read by others than its owner",
                           "chmod 600 it, and consider its keys exposed.");
}

} // namespace

std::string_view use_name(Use use) {
    switch (use) {
    case Use::data:
        return "data";
    case Use::hash:
        return "hash";
    case Use::blocklist:
        return "blocklist";
    case Use::audit:
        return "audit";
    case Use::seal:
        return "seal";
    case Use::pending:
        return "pending";
    case Use::journal:
        return "journal";
    }
    return "unknown";
}

std::optional<Use> use_of(std::string_view name) {
    for (const Use use : {Use::data, Use::hash, Use::blocklist, Use::audit, Use::seal, Use::pending, Use::journal})
        if (use_name(use) == name)
            return use;
    return std::nullopt;
}

Keyring Keyring::load(const std::string &path) {
    // Were it a pipe, opening it would wait for a writer.
    const Descriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (file < 0 && errno == ENOENT)
        throw KeyringError(Kind::missing, "the keyring \"" + path + "\" does not exist", std::string(restore_hint));
    if (file < 0)
        throw KeyringError(Kind::unreadable, "the keyring \"" + path + "\" cannot be read: " + because(),
                           "The user that the server runs as must own it, with mode 0600.");
    check_access(file, path);

    SecretText content;
    read_all(file, content.text);

    const std::string_view text = content.text;
    const auto end = text.rfind("\nend ");
    if (!text.starts_with(magic))
        damaged(path, "not a keyring");
    if (end == std::string_view::npos || !text.ends_with('\n'))
        damaged(path, "truncated");
    const std::string_view body = text.substr(0, end + 1);
    if (text.substr(end + 5) != hex(cipher::sha256(cipher::bytes(body))) + "\n")
        damaged(path, "damaged: its checksum does not match");

    Keyring ring;
    std::string_view rest = body.substr(magic.size());
    while (!rest.empty()) {
        const auto line_end = rest.find('\n');
        if (!parse_line(words(rest.substr(0, line_end)), ring))
            damaged(path, "damaged: it has a line of an unknown form");
        rest = rest.substr(line_end + 1);
    }
    return ring;
}

void Keyring::store(const std::string &named) const {
    const std::string path = behind_links(named);
    SecretText content;
    content.text.reserve(128 + roots.size() * 160 +
                         (keys.size() + databases.size()) * 224); // so that nothing is copied
    content.text.append(magic);
    for (const RootKey &root : roots) {
        content.text += "root " + std::to_string(root.epoch) + " " + root.created;
        if (root.name.empty())
            append_hex(content.text += " file ", root.secret);
        else
            content.text.append(" command ").append(root.name);
        content.text += '\n';
    }
    for (const auto &[database, epoch] : databases)
        content.text += "database " + std::to_string(database) + " " + std::to_string(epoch) + "\n";
    for (const WrappedKey &key : keys) {
        std::array<std::uint8_t, 4> id{static_cast<std::uint8_t>(key.id >> 24), static_cast<std::uint8_t>(key.id >> 16),
                                       static_cast<std::uint8_t>(key.id >> 8), static_cast<std::uint8_t>(key.id)};
        content.text += "key " + hex(id) + " " + std::string(use_name(key.use)) + " " + std::to_string(key.epoch) +
                        " " + std::to_string(key.database) + " " + std::to_string(key.generation) + " " +
                        std::to_string(key.first_use) + " " + hex(key.wrapped) + "\n";
    }
    content.text += "end " + hex(cipher::sha256(cipher::bytes(content.text))) + "\n";

    const std::string temporary = path + ".new";
    const auto fail = [&](const char *step) {
        const std::string reason = because();
        unlink(temporary.c_str());
        throw KeyringError(Kind::unwritable,
                           std::string("the keyring \"") + path + "\" cannot be " + step + ": " + reason,
                           "Set gdpr.keyring_file to a path in a directory that the server's user can write.");
    };
    unlink(temporary.c_str()); // left by a crash
    {
        const Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (file < 0)
            fail("created");
        std::string_view rest = content.text;
        while (!rest.empty()) {
            const ssize_t done = write(file, rest.data(), rest.size());
            if (done < 0)
                fail("written");
            rest.remove_prefix(static_cast<std::size_t>(done));
        }
        if (fsync(file) != 0)
            fail("written");
    }
    if (rename(temporary.c_str(), path.c_str()) != 0)
        fail("replaced");
    if (!sync_directory_of(path))
        fail("made durable");
}

const RootKey *Keyring::root(std::uint32_t epoch) const noexcept {
    for (const RootKey &root : roots)
        if (root.epoch == epoch)
            return &root;
    return nullptr;
}

const RootKey *Keyring::newest_root() const noexcept {
    const RootKey *newest = nullptr;
    for (const RootKey &root : roots)
        if (newest == nullptr || root.epoch > newest->epoch)
            newest = &root;
    return newest;
}

const WrappedKey *Keyring::find(std::uint32_t id) const noexcept {
    for (const WrappedKey &key : keys)
        if (key.id == id)
            return &key;
    return nullptr;
}

KeyringLock::KeyringLock(const std::string &path)
    : descriptor_(open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    if (descriptor_ < 0)
        throw KeyringError(Kind::unwritable,
                           "the keyring's lock file \"" + path + ".lock\" cannot be opened: " + because(),
                           "Set gdpr.keyring_file to a path in a directory that the server's user can write.");
    while (flock(descriptor_, LOCK_EX) != 0)
        if (errno != EINTR) {
            close(descriptor_);
            throw KeyringError(Kind::unwritable, "the keyring's lock cannot be taken: " + because(), "");
        }
}

KeyringLock::~KeyringLock() { close(descriptor_); }

} // namespace gdpr::key
