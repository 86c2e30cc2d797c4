// The key command: a program of the DBA's that keeps root keys elsewhere, in a token, a TPM or a key service.
//
//   COMMAND create NAME   reads the secret, 64 hexadecimal digits and a newline, from its standard input and keeps it
//   COMMAND get NAME      writes it to its standard output, in the same form
//   COMMAND destroy NAME  forgets it; of one that is gone already it says nothing
//
// Names are made of letters, digits and hyphens. Status zero is success. What it writes to standard error is dropped,
// since nobody can know what is in it.
#pragma once

#include "key/secret_text.hpp"

#include <chrono>

namespace gdpr::key {

/// `reason` completes "the key command …". Holds nothing that the command wrote.
struct CommandFailure : std::exception {
    std::string reason;
    explicit CommandFailure(std::string r) : reason(std::move(r)) {}
    const char *what() const noexcept override { return reason.c_str(); }
};

struct Command {
    std::string line; // for the shell
    std::chrono::milliseconds timeout;
    bool (*interrupted)() = nullptr; // asked now and then; true ends the command

    void create(const std::string &name, const cipher::Key &secret) const;
    cipher::Key get(const std::string &name) const;
    void destroy(const std::string &name) const;

  private:
    void run(const char *operation, const std::string &name, std::string_view input, SecretText &output) const;
};

} // namespace gdpr::key
