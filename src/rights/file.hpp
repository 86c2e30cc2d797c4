// One file of an export.
#pragma once

#include "pg/spi.hpp"

namespace gdpr::rights {

/// A text of the database as UTF-8.
std::string utf8(const std::string &text);

/// A file as it grows: a bytea that is made in place. It lives where it was made, whatever memory context is
/// current when it grows.
class File {
  public:
    File();
    ~File();
    File(const File &) = delete;
    File &operator=(const File &) = delete;

    /// Raises program_limit_exceeded where it would no longer fit one row of an answer.
    void append(const std::string &text);
    std::size_t size() const noexcept { return static_cast<std::size_t>(buffer_.len) - VARHDRSZ; }
    /// Begins anew.
    void clear() noexcept { buffer_.len = VARHDRSZ; }

    /// What it holds; good until it grows or goes.
    pg::Param content() noexcept;
    /// In hexadecimal digits, as sha256sum writes it.
    std::string sha256() const;

  private:
    StringInfoData buffer_;
};

} // namespace gdpr::rights
