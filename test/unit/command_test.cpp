#include "key/command.hpp"

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace gdpr::key {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// A command that keeps keys in files, and some that go wrong.
class KeyCommand : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "gdpr-command-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        directory = pattern;
    }
    void TearDown() override { fs::remove_all(directory); }

    Command script(const std::string &body, std::chrono::milliseconds timeout = 20s) const {
        const fs::path path = directory / "key command";
        std::ofstream(path) << "#!/bin/sh\n" << body;
        fs::permissions(path, fs::perms::owner_all);
        return Command{"'" + path.string() + "'", timeout, nullptr};
    }
    Command keeper() const {
        return script("cd '" + directory.string() +
                      "'; case $1 in create) cat >$2;; get) cat $2;; destroy) rm -f $2;; *) exit 9;; esac\n");
    }
    static std::string failure(const Command &command) {
        try {
            (void)command.get("gdpr-1");
        } catch (const CommandFailure &error) {
            return error.reason;
        }
        return "none";
    }

    fs::path directory;
};

TEST_F(KeyCommand, KeepsAKey) {
    const Command command = keeper();
    const cipher::Key secret = cipher::Key::random();
    command.create("gdpr-0-1", secret);
    EXPECT_EQ(secret, command.get("gdpr-0-1"));
    command.destroy("gdpr-0-1");
    command.destroy("gdpr-0-1");
    EXPECT_FALSE(fs::exists(directory / "gdpr-0-1"));
    EXPECT_THROW((void)command.get("gdpr-0-1"), CommandFailure);
}

TEST_F(KeyCommand, ArgumentsOfItsOwn) {
    Command command = keeper();
    command.line = "env LANG=C " + command.line;
    const cipher::Key secret = cipher::Key::random();
    command.create("gdpr-0-1", secret);
    EXPECT_EQ(secret, command.get("gdpr-0-1"));
}

TEST_F(KeyCommand, ThatForgetsWhatItWasGivenIsNotTrusted) {
    const cipher::Key secret = cipher::Key::random();
    EXPECT_THROW(script("exit 0").create("gdpr-1", secret), CommandFailure);
    EXPECT_THROW(script("[ $1 = create ] || printf '%064d\\n' 7").create("gdpr-1", secret), CommandFailure);
}

TEST_F(KeyCommand, FailuresSayWhatHappenedAndNothingThatWasWritten) {
    EXPECT_EQ("failed with status 3", failure(script("echo deadbeef; echo deadbeef >&2; exit 3")));
    EXPECT_EQ("failed with status 127", failure(Command{"/nowhere/at/all", 20s, nullptr}));
    EXPECT_EQ("was ended by signal 9", failure(script("kill -9 $$")));
    const std::string malformed = "did not write a key of 64 lower-case hexadecimal digits";
    EXPECT_EQ(malformed, failure(script("echo deadbeef")));
    EXPECT_EQ(malformed, failure(script("printf '%065d\\n' 7")));
    EXPECT_EQ(malformed, failure(script("printf '%064d\\n\\n' 7")));
    EXPECT_EQ(malformed, failure(script("printf '%063dZ\\n' 7")));
    EXPECT_EQ("none", failure(script("printf '%064d' 7")));
}

TEST_F(KeyCommand, WritesTooMuch) { EXPECT_NE("none", failure(script("exec cat /dev/zero", 5s))); }

TEST_F(KeyCommand, IsEndedWithAllThatItStartedWhenItTakesTooLong) {
    const fs::path mark = directory / "pid";
    EXPECT_EQ("did not end in time", failure(script("sleep 60 & echo $! >'" + mark.string() + "'; wait\n", 2s)));
    pid_t child = 0;
    std::ifstream(mark) >> child;
    ASSERT_GT(child, 0);
    // Killed: on its way out, not reaped yet by whoever inherits it, or gone. By itself it would stay for a minute.
    std::string state;
    const auto dead = [&] { return state == "gone" || state == "Z" || state == "X"; };
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    do {
        std::ifstream status("/proc/" + std::to_string(child) + "/stat");
        std::string number, name;
        state = "gone";
        status >> number >> name >> state;
        if (!dead())
            std::this_thread::sleep_for(10ms);
    } while (!dead() && std::chrono::steady_clock::now() < deadline);
    EXPECT_TRUE(dead()) << state;
    EXPECT_EQ("did not end in time", failure(script("exec >&-; exec sleep 60\n", 1s)));
    EXPECT_EQ(-1, waitpid(-1, nullptr, WNOHANG)) << "no child is left";
}

TEST_F(KeyCommand, IsInterrupted) {
    Command command = script("sleep 60\n", 50s);
    command.interrupted = [] { return true; };
    EXPECT_EQ("was interrupted", failure(command));
}

TEST_F(KeyCommand, InheritsNothingButItsThreeDescriptors) {
    const int open_file = open("/etc/passwd", O_RDONLY);
    ASSERT_GE(open_file, 3);
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t blocked, before;
    sigfillset(&blocked);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    const std::string name = (directory / "seen").string();
    EXPECT_EQ("none", failure(script("ls -l /proc/$$/fd | tr '\\n' ' ' >'" + name +
                                     "'; grep -E '^Sig(Blk|Ign)' "
                                     "/proc/self/status >>'" +
                                     name + "'; readlink /proc/$$/fd/2 >>'" + name + "'; printf '%064d\\n' 7")));
    sigprocmask(SIG_SETMASK, &before, nullptr);
    std::signal(SIGPIPE, SIG_DFL);
    close(open_file);
    std::ifstream in(name);
    const std::string seen{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(seen.find("passwd"), std::string::npos) << seen;
    EXPECT_NE(seen.find("SigBlk:\t0000000000000000"), std::string::npos) << seen;
    // Beyond the thirty-first are signals that the C library keeps for itself.
    const auto ignored = seen.find("SigIgn:\t");
    ASSERT_NE(ignored, std::string::npos) << seen;
    EXPECT_EQ(std::stoull(seen.substr(ignored + 8, 16), nullptr, 16) & 0x7fffffff, 0U) << seen;
    EXPECT_NE(seen.find("/dev/null"), std::string::npos) << seen;
}

} // namespace
} // namespace gdpr::key
