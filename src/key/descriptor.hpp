// Files that must not be lost, as the keyring, the journal and the blocklist's hits use them. Pure C++.
#pragma once

#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace gdpr {

/// An open file; negative where it could not be opened, with errno as open() left it.
class Descriptor {
  public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0)
            close(number_);
    }
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    operator int() const noexcept { return number_; }

  private:
    int number_;
};

/// Makes it durable that a file has come to its directory; false, with errno, where that fails.
inline bool sync_directory_of(const std::string &path) {
    const std::string directory = path.find('/') == std::string::npos ? "." : path.substr(0, path.rfind('/') + 1);
    const Descriptor folder(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return folder >= 0 && fsync(folder) == 0;
}

} // namespace gdpr
