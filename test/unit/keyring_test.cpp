#include "key/keyring.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gdpr::key {
namespace {

namespace fs = std::filesystem;
using Kind = KeyringError::Kind;

Keyring sample(std::size_t keys = 3) {
    Keyring ring;
    ring.roots.push_back({1, "2026-01-02T03:04:05Z", "", cipher::Key::random()});
    ring.roots.push_back({4000000000, "2027-01-02T03:04:05Z", "", cipher::Key::random()});
    ring.roots.push_back({3, "2026-06-02T03:04:05Z", "gdpr-0011aabb-3", cipher::Key()});
    ring.databases = {{18446744073709551615U, 4000000000}, {7, 3}};
    const Use uses[] = {Use::data, Use::hash, Use::blocklist, Use::audit, Use::seal, Use::pending};
    for (std::size_t i = 0; i < keys; i++) {
        WrappedKey key;
        key.id = static_cast<std::uint32_t>(0xfedcba98 - i);
        key.use = uses[i % std::size(uses)];
        key.epoch = 1;
        key.database = 18446744073709551615U;
        key.generation = static_cast<std::uint32_t>(i + 1);
        key.first_use = 1000000000000 + i;
        key.wrapped = cipher::wrap(ring.roots[0].secret, cipher::Key::random());
        ring.keys.push_back(key);
    }
    return ring;
}

class KeyringFile : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "gdpr-keyring-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        directory = pattern;
        path = (directory / "keyring").string();
    }
    void TearDown() override { fs::remove_all(directory); }

    std::string content() const {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    void write(std::string_view text) const {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
        fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
    }

    /// How loading fails. No error may quote a key.
    KeyringError load_error() const {
        const std::string before = fs::is_regular_file(path) ? content() : "";
        try {
            (void)Keyring::load(path);
        } catch (const KeyringError &error) {
            EXPECT_NE(error.reason.find(path), std::string::npos) << error.reason;
            for (std::size_t i = 0; i + 16 <= before.size(); i += 16)
                EXPECT_EQ(error.reason.find(before.substr(i, 16)), std::string::npos);
            return error;
        }
        ADD_FAILURE() << "loaded";
        return KeyringError(Kind::unwritable, "", "");
    }

    std::size_t files() const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
    }

    fs::path directory;
    std::string path;
};

TEST_F(KeyringFile, ComesBackAsItWasStored) {
    const Keyring ring = sample(12);
    ring.store(path);
    const Keyring back = Keyring::load(path);
    ASSERT_EQ(back.roots.size(), ring.roots.size());
    for (std::size_t i = 0; i < ring.roots.size(); i++) {
        EXPECT_EQ(back.roots[i].epoch, ring.roots[i].epoch);
        EXPECT_EQ(back.roots[i].created, ring.roots[i].created);
        EXPECT_EQ(back.roots[i].name, ring.roots[i].name);
        EXPECT_EQ(back.roots[i].secret, ring.roots[i].secret);
    }
    EXPECT_EQ(back.databases, ring.databases);
    ASSERT_EQ(back.keys.size(), ring.keys.size());
    for (std::size_t i = 0; i < ring.keys.size(); i++) {
        EXPECT_EQ(back.keys[i].id, ring.keys[i].id);
        EXPECT_EQ(back.keys[i].use, ring.keys[i].use);
        EXPECT_EQ(back.keys[i].epoch, ring.keys[i].epoch);
        EXPECT_EQ(back.keys[i].database, ring.keys[i].database);
        EXPECT_EQ(back.keys[i].generation, ring.keys[i].generation);
        EXPECT_EQ(back.keys[i].first_use, ring.keys[i].first_use);
        EXPECT_EQ(back.keys[i].wrapped, ring.keys[i].wrapped);
        cipher::Key secret;
        EXPECT_TRUE(cipher::unwrap(back.root(1)->secret, back.keys[i].wrapped, secret));
    }
    EXPECT_EQ(back.newest_root()->epoch, 4000000000);
    EXPECT_EQ(back.root(2), nullptr);
    EXPECT_EQ(back.find(0xfedcba98)->use, Use::data);
    EXPECT_EQ(back.find(7), nullptr);
    EXPECT_EQ(files(), 1U) << "no temporary file stays";
}

TEST_F(KeyringFile, AnEmptyOneToo) {
    Keyring().store(path);
    const Keyring back = Keyring::load(path);
    EXPECT_TRUE(back.roots.empty());
    EXPECT_EQ(back.newest_root(), nullptr);
}

TEST_F(KeyringFile, IsItsOwnersAlone) {
    const mode_t old = umask(0);
    sample().store(path);
    umask(old);
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(KeyringFile, RefusedWhenOthersCanReadOrWriteIt) {
    sample().store(path);
    for (const mode_t mode : {0640, 0604, 0660, 0620, 0602, 0610, 0601, 0666, 0777}) {
        ASSERT_EQ(chmod(path.c_str(), mode), 0);
        EXPECT_EQ(load_error().kind, Kind::exposed) << std::oct << mode;
    }
    for (const mode_t mode : {0600, 0400, 0700}) {
        ASSERT_EQ(chmod(path.c_str(), mode), 0);
        EXPECT_EQ(Keyring::load(path).roots.size(), 3U) << std::oct << mode;
    }
}

TEST_F(KeyringFile, Missing) {
    EXPECT_EQ(load_error().kind, Kind::missing);
    EXPECT_NE(load_error().hint, "");
}

TEST_F(KeyringFile, Unreadable) {
    if (geteuid() == 0)
        GTEST_SKIP() << "root can read everything";
    sample().store(path);
    ASSERT_EQ(chmod(path.c_str(), 0), 0);
    EXPECT_EQ(load_error().kind, Kind::unreadable);
}

TEST_F(KeyringFile, OfAnotherUser) {
    if (geteuid() != 0)
        GTEST_SKIP() << "only root can give a file away";
    sample().store(path);
    ASSERT_EQ(chown(path.c_str(), 65534, 65534), 0);
    EXPECT_EQ(load_error().kind, Kind::exposed);
}

TEST_F(KeyringFile, NotAFile) {
    fs::create_directory(path);
    EXPECT_EQ(load_error().kind, Kind::unreadable);
    fs::remove(path);
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    EXPECT_EQ(load_error().kind, Kind::unreadable) << "and it does not wait for a writer";
    fs::remove(path);
    fs::create_symlink("/dev/zero", path);
    EXPECT_EQ(load_error().kind, Kind::unreadable);
}

TEST_F(KeyringFile, TruncatedAnywhere) {
    sample().store(path);
    const std::string whole = content();
    for (std::size_t size = 0; size < whole.size(); size++) {
        write(whole.substr(0, size));
        EXPECT_EQ(load_error().kind, Kind::damaged) << size << " of " << whole.size();
    }
    write(whole);
    EXPECT_EQ(Keyring::load(path).keys.size(), 3U);
}

TEST_F(KeyringFile, AnyByteAltered) {
    sample().store(path);
    const std::string whole = content();
    for (std::size_t at = 0; at < whole.size(); at++) {
        std::string altered = whole;
        altered[at] = static_cast<char>(altered[at] ^ 1);
        write(altered);
        EXPECT_EQ(load_error().kind, Kind::damaged) << at;
    }
    write(whole + "\n");
    EXPECT_EQ(load_error().kind, Kind::damaged);
    write(whole + whole);
    EXPECT_EQ(load_error().kind, Kind::damaged);
}

/// A file that somebody wrote by hand, with a right checksum.
std::string with_checksum(const std::string &body) {
    std::string out = body + "end ";
    for (const std::uint8_t byte : cipher::sha256(cipher::bytes(body))) {
        const char digits[] = "0123456789abcdef";
        out.push_back(digits[byte >> 4]);
        out.push_back(digits[byte & 15]);
    }
    return out + "\n";
}

TEST_F(KeyringFile, LinesOfAnotherForm) {
    const std::string magic = "gdpr-keyring 1\n", secret(64, 'a'), wrapped(80, 'b');
    write(with_checksum(magic + "root 1 now file " + secret + "\ndatabase 9 1\nkey 00000001 data 1 5 1 0 " + wrapped +
                        "\n"));
    EXPECT_EQ(Keyring::load(path).keys.size(), 1U);
    for (const std::string &line :
         {"root 1 now file " + secret.substr(1), "root 1 now file " + secret + "a", "root x now file " + secret,
          "root 1 now " + secret, "root -1 now file " + secret, "root 4294967296 now file " + secret,
          "root 1 now file " + std::string(64, 'A'), "root 1 now elsewhere " + secret, "key 1 other 1 5 1 0 " + wrapped,
          "key 1 data 1 " + wrapped, "key 100000000 data 1 5 1 0 " + wrapped, "key 1 data 1 5 1 0 " + wrapped + "00",
          "key 1 data 1 5 x 0 " + wrapped, "key 1 data 1 5 1 -1 " + wrapped, std::string("database 1"),
          std::string("database x 1"), std::string("something else"), std::string()}) {
        write(with_checksum(magic + line + "\n"));
        EXPECT_EQ(load_error().kind, Kind::damaged) << line;
    }
    write(with_checksum("gdpr-keyring 10\nroot 1 now file " + secret + "\n"));
    EXPECT_EQ(load_error().kind, Kind::damaged) << "a later version";
    write("");
    EXPECT_EQ(load_error().kind, Kind::damaged);
    write(std::string(100000, '\0'));
    EXPECT_EQ(load_error().kind, Kind::damaged);
}

TEST_F(KeyringFile, BehindASymlinkIsReplacedWhereItIs) {
    const std::string real = (directory / "real").string();
    sample(1).store(real);
    fs::create_symlink("real", path);
    EXPECT_EQ(Keyring::load(path).keys.size(), 1U);
    sample(2).store(path);
    EXPECT_TRUE(fs::is_symlink(path));
    EXPECT_EQ(Keyring::load(real).keys.size(), 2U);
}

TEST_F(KeyringFile, AttackALinkInTheTemporaryFilesPlace) {
    const fs::path victim = directory / "victim";
    std::ofstream(victim) << "precious";
    fs::create_symlink(victim, path + ".new");
    sample().store(path);
    EXPECT_EQ(fs::file_size(victim), 8U);
    EXPECT_EQ(Keyring::load(path).keys.size(), 3U);
    fs::create_symlink(victim, path + ".lock");
    EXPECT_THROW(KeyringLock{path}, KeyringError);
}

TEST_F(KeyringFile, CannotBeWritten) {
    sample(1).store(path);
    try {
        sample(2).store((directory / "nowhere" / "keyring").string());
        ADD_FAILURE() << "stored";
    } catch (const KeyringError &error) {
        EXPECT_EQ(error.kind, Kind::unwritable);
    }
    // The temporary file's place is taken by what cannot be removed.
    fs::create_directory(path + ".new");
    EXPECT_THROW(sample(2).store(path), KeyringError);
    EXPECT_EQ(Keyring::load(path).keys.size(), 1U) << "the old one is untouched";
    EXPECT_THROW(KeyringLock((directory / "nowhere" / "keyring").string()), KeyringError);
}

TEST_F(KeyringFile, WithoutADirectoryInItsName) {
    const fs::path before = fs::current_path();
    fs::current_path(directory);
    sample().store("keyring");
    fs::current_path(before);
    EXPECT_EQ(Keyring::load(path).keys.size(), 3U);
}

TEST_F(KeyringFile, ReadersSeeAWholeOneWhileItIsWritten) {
    sample(1).store(path);
    const pid_t writer = fork();
    ASSERT_GE(writer, 0);
    if (writer == 0) {
        const Keyring small = sample(1), large = sample(200);
        for (int i = 0; i < 100; i++) {
            const KeyringLock lock(path);
            (i % 2 == 0 ? large : small).store(path);
        }
        _exit(0);
    }
    std::size_t read = 0;
    int status = 0;
    while (waitpid(writer, &status, WNOHANG) == 0) {
        const std::size_t keys = Keyring::load(path).keys.size();
        EXPECT_TRUE(keys == 1 || keys == 200) << keys;
        read++;
    }
    EXPECT_EQ(status, 0);
    EXPECT_GT(read, 0U);
}

TEST_F(KeyringFile, TheLockKeepsWritersApart) {
    // Each adds one key to what it finds. Without the lock some would overwrite others'.
    Keyring().store(path);
    constexpr int writers = 4, rounds = 15;
    std::vector<pid_t> children;
    for (int writer = 0; writer < writers; writer++) {
        children.push_back(fork());
        if (children.back() == 0) {
            for (int round = 0; round < rounds; round++) {
                const KeyringLock lock(path);
                Keyring ring = Keyring::load(path);
                WrappedKey key;
                key.id = static_cast<std::uint32_t>(writer * rounds + round + 1);
                ring.keys.push_back(key);
                ring.store(path);
            }
            _exit(0);
        }
    }
    for (const pid_t child : children) {
        int status = 0;
        waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(Keyring::load(path).keys.size(), static_cast<std::size_t>(writers * rounds));
}

} // namespace
} // namespace gdpr::key
