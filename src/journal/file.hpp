#pragma once

// The journal's file: lines appended and made durable, each with a MAC that covers the one before it. Pure C++.

#include "journal/record.hpp"

#include <exception>
#include <functional>

namespace gdpr::journal {

/// The file cannot be used. Carries neither keys nor personal data.
struct FileError : std::exception {
    enum class Kind { unreadable, exposed, damaged, unwritable };
    Kind kind;
    std::string reason;
    std::string hint;
    FileError(Kind k, std::string r, std::string h) : kind(k), reason(std::move(r)), hint(std::move(h)) {}
    const char *what() const noexcept override { return reason.c_str(); }
};

/// The key that a line's MAC is under, by id. What it throws travels on.
using KeyById = std::function<const cipher::Key &(std::uint32_t)>;

class File {
  public:
    explicit File(std::string path) : path_(std::move(path)) {}

    /// Would append() be allowed to write? Throws where not; makes nothing.
    void check() const;

    /// Appends the records, in one piece, and returns when they are on disk, if they are to be `durable`. Several
    /// processes may call it. What a crash left half written at the end is cut off first.
    void append(const std::vector<Record> &records, std::uint32_t key_id, const cipher::Key &key,
                bool durable = true) const;

    /// All records, none where there is no file. A torn line at the end is not there; anything else that is not as
    /// it was written is damage, and thrown.
    std::vector<Record> read(const KeyById &key) const;

  private:
    std::string path_;
};

} // namespace gdpr::journal
