#include "key/command.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#ifdef POSTGRES_H
#error "this file is pure C++"
#endif

namespace gdpr::key {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t longest_output = 4096;

[[noreturn]] void cannot_start(int error) {
    throw CommandFailure(std::string("could not be started: ") + std::strerror(error));
}

struct Pipe {
    int ends[2] = {-1, -1};
    Pipe() {
        if (pipe2(ends, O_CLOEXEC) != 0)
            cannot_start(errno);
    }
    ~Pipe() {
        close_end(0);
        close_end(1);
    }
    Pipe(const Pipe &) = delete;
    Pipe &operator=(const Pipe &) = delete;
    void close_end(int which) {
        if (ends[which] >= 0)
            close(std::exchange(ends[which], -1));
    }
};

/// What the program starts with: three descriptors, no signal blocked or ignored, a process group of its own.
struct Surroundings {
    posix_spawn_file_actions_t files{};
    posix_spawnattr_t attributes{};

    Surroundings(int input, int output) {
        sigset_t all, none;
        sigfillset(&all);
        sigemptyset(&none);
        posix_spawn_file_actions_init(&files);
        posix_spawnattr_init(&attributes);
        posix_spawn_file_actions_adddup2(&files, input, 0);
        posix_spawn_file_actions_adddup2(&files, output, 1);
        posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_addclosefrom_np(&files, 3);
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    }
    ~Surroundings() {
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&files);
    }
    Surroundings(const Surroundings &) = delete;
    Surroundings &operator=(const Surroundings &) = delete;
};

/// A running program, killed with all that it started unless it ended by itself.
class Child {
  public:
    Child(const std::string &line, const char *operation, const std::string &name, int input, int output) {
        const Surroundings surroundings(input, output);
        const std::string script = "exec " + line + " \"$@\"";
        std::string words[] = {"sh", "-c", script, "sh", operation, name};
        char *arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(),
                             words[4].data(), words[5].data(), nullptr};
        const int error =
            posix_spawn(&process_, "/bin/sh", &surroundings.files, &surroundings.attributes, arguments, environ);
        if (error != 0)
            cannot_start(error);
    }
    ~Child() {
        if (process_ <= 0)
            return;
        kill(-process_, SIGKILL);
        while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;

    /// Has it ended? Then with this status.
    bool ended(int &status) {
        const pid_t done = waitpid(process_, &status, WNOHANG);
        if (done < 0 && errno != EINTR)
            throw CommandFailure(std::string("could not be waited for: ") + std::strerror(errno));
        if (done != process_)
            return false;
        process_ = 0;
        return true;
    }

  private:
    pid_t process_ = 0;
};

/// Takes what there is to read, for a little while; false at the end.
bool take(int from, SecretText &output) {
    pollfd waiting{from, POLLIN, 0};
    const int ready = poll(&waiting, 1, 50);
    if (ready <= 0)
        return true;
    char buffer[512];
    const ssize_t got = read(from, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR)
        return true;
    if (got > 0)
        output.text.append(buffer, std::min(static_cast<std::size_t>(got), longest_output - output.text.size()));
    cipher::cleanse(buffer, sizeof buffer);
    return got > 0 && output.text.size() < longest_output;
}

void check(int status) {
    if (WIFSIGNALED(status))
        throw CommandFailure("was ended by signal " + std::to_string(WTERMSIG(status)));
    if (WEXITSTATUS(status) != 0)
        throw CommandFailure("failed with status " + std::to_string(WEXITSTATUS(status)));
}

} // namespace

void Command::run(const char *operation, const std::string &name, std::string_view input, SecretText &output) const {
    output.text.reserve(longest_output);
    Pipe in, out;
    // It fits into the pipe, so nobody waits and nobody writes into a pipe without a reader.
    if (write(in.ends[1], input.data(), input.size()) != static_cast<ssize_t>(input.size()))
        cannot_start(errno);
    in.close_end(1);
    Child child(line, operation, name, in.ends[0], out.ends[1]);
    in.close_end(0);
    out.close_end(1);

    const Clock::time_point end = Clock::now() + timeout;
    int status = 0;
    bool reading = true;
    while (reading || !child.ended(status)) {
        if (interrupted != nullptr && interrupted())
            throw CommandFailure("was interrupted");
        if (Clock::now() >= end)
            throw CommandFailure("did not end in time");
        if (reading)
            reading = take(out.ends[0], output);
        else
            poll(nullptr, 0, 2);
    }
    check(status);
}

void Command::create(const std::string &name, const cipher::Key &secret) const {
    SecretText input, output;
    input.text.reserve(2 * cipher::key_size + 1);
    append_hex(input.text, secret);
    input.text += '\n';
    run("create", name, input.text, output);
    // Nothing is wrapped by a key that could not be had again.
    if (get(name) != secret)
        throw CommandFailure("does not give back the key that it was given");
}

cipher::Key Command::get(const std::string &name) const {
    SecretText output;
    run("get", name, {}, output);
    std::string_view text = output.text;
    if (text.ends_with('\n'))
        text.remove_suffix(1);
    cipher::Key secret;
    if (!unhex(text, {secret.data(), cipher::key_size}))
        throw CommandFailure("did not write a key of 64 lower-case hexadecimal digits");
    return secret;
}

void Command::destroy(const std::string &name) const {
    SecretText output;
    run("destroy", name, {}, output);
}

} // namespace gdpr::key
