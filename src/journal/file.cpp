#include "journal/file.hpp"

#include "key/descriptor.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef POSTGRES_H
#error "this file is pure C++"
#endif

namespace gdpr::journal {

namespace {

using Kind = FileError::Kind;

constexpr std::string_view magic = "gdpr-journal 1\n";
constexpr std::size_t mac_size = 2 * cipher::digest_size; // in hexadecimal
constexpr std::string_view write_hint =
    "Set gdpr.journal_file to a path in a directory that the server's user can write, or make room there.";
constexpr std::string_view restore_hint = "Restore its newest copy; put the damaged one aside, and do not edit it.";

std::string because() { return std::strerror(errno); }

[[noreturn]] void unwritable(const std::string &path, const char *step) {
    throw FileError(Kind::unwritable, "the journal \"" + path + "\" cannot be " + step + ": " + because(),
                    std::string(write_hint));
}

[[noreturn]] void damaged(const std::string &path, std::size_t line) {
    throw FileError(Kind::damaged, "the journal \"" + path + "\" is damaged at line " + std::to_string(line),
                    std::string(restore_hint));
}

void check_access(int file, const std::string &path) {
    struct stat status {};
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        throw FileError(Kind::unreadable, "the journal \"" + path + "\" is not a regular file",
                        "Set gdpr.journal_file to the path of a file.");
    if (status.st_uid != geteuid())
        throw FileError(Kind::exposed, "the journal \"" + path + "\" does not belong to the server's user",
                        "chown it to the user the server runs as.");
    if ((status.st_mode & 077) != 0)
        throw FileError(Kind::exposed, "the journal \"" + path + "\" can be read by others than its owner",
                        "chmod 600 it.");
}

void lock(int file, int how, const std::string &path) {
    while (flock(file, how) != 0)
        if (errno != EINTR)
            unwritable(path, "locked");
}

void write_all(int file, std::string_view text, const std::string &path) {
    while (!text.empty()) {
        const ssize_t done = write(file, text.data(), text.size());
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            unwritable(path, "written");
        text.remove_prefix(static_cast<std::size_t>(done));
    }
}

void sync_directory(const std::string &path) {
    if (!sync_directory_of(path))
        unwritable(path, "made durable");
}

/// The last bytes of a file, at least one line of them, and where they begin.
std::string tail(int file, off_t size, off_t &begin, const std::string &path) {
    std::string out;
    begin = size;
    while (begin > 0) {
        // Enough when it holds the end of the line before the last whole one.
        const std::size_t last = out.rfind('\n');
        if (last != std::string::npos && last > 0 && out.rfind('\n', last - 1) != std::string::npos)
            break;
        const off_t step = std::min<off_t>(begin, 4096);
        std::string piece(static_cast<std::size_t>(step), '\0');
        if (pread(file, piece.data(), piece.size(), begin - step) != static_cast<ssize_t>(piece.size()))
            unwritable(path, "read");
        out.insert(0, piece);
        begin -= step;
    }
    return out;
}

std::string mac_of(std::string_view before, std::string_view body, const cipher::Key &key) {
    std::string text = "journal ";
    text.append(before).append(1, '\n').append(body);
    return hex(cipher::hmac_sha256(key, cipher::bytes(text)));
}

/// Removes what follows the last whole line, and returns that line's MAC; empty where no record is there yet.
std::string settle(int file, const std::string &path) {
    struct stat status {};
    if (fstat(file, &status) != 0)
        unwritable(path, "read");
    off_t begin = 0;
    std::string text = tail(file, status.st_size, begin, path);
    const std::size_t end = text.rfind('\n');
    const std::size_t whole = end == std::string::npos ? 0 : end + 1;
    if (whole < text.size()) {
        if (ftruncate(file, begin + static_cast<off_t>(whole)) != 0)
            unwritable(path, "written");
        text.resize(whole);
    }
    if (text.empty() && begin == 0) {
        write_all(file, magic, path);
        sync_directory(path);
        return {};
    }
    if (begin == 0 && text == magic)
        return {};
    text.pop_back();
    const std::string_view last = std::string_view(text).substr(text.rfind('\n') + 1);
    cipher::Digest digest{};
    if (last.size() <= mac_size || !unhex(last.substr(last.size() - mac_size), digest))
        throw FileError(Kind::damaged, "the journal \"" + path + "\" is damaged at its end", std::string(restore_hint));
    return hex(digest);
}

} // namespace

void File::check() const {
    const Descriptor file(open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (file >= 0)
        return check_access(file, path_);
    if (errno != ENOENT)
        unwritable(path_, "opened");
    const std::string directory = path_.find('/') == std::string::npos ? "." : path_.substr(0, path_.rfind('/') + 1);
    if (access(directory.c_str(), W_OK | X_OK) != 0)
        unwritable(path_, "made");
}

void File::append(const std::vector<Record> &records, std::uint32_t key_id, const cipher::Key &key,
                  bool durable) const {
    const Descriptor file(open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0600));
    if (file < 0)
        unwritable(path_, "opened");
    check_access(file, path_);
    lock(file, LOCK_EX, path_);
    std::string mac = settle(file, path_);
    struct stat status {};
    if (fstat(file, &status) != 0)
        unwritable(path_, "read");
    std::string lines;
    std::array<std::uint8_t, 4> id{static_cast<std::uint8_t>(key_id >> 24), static_cast<std::uint8_t>(key_id >> 16),
                                   static_cast<std::uint8_t>(key_id >> 8), static_cast<std::uint8_t>(key_id)};
    for (const Record &record : records) {
        const std::string body = hex(id) + ' ' + encode(record);
        mac = mac_of(mac, body, key);
        lines += body + ' ' + mac + '\n';
    }
    try {
        write_all(file, lines, path_);
        if (durable && fsync(file) != 0)
            unwritable(path_, "made durable");
    } catch (...) {
        (void)!ftruncate(file, status.st_size); // whoever is told that it failed must not find it done
        throw;
    }
}

std::vector<Record> File::read(const KeyById &key) const {
    const Descriptor file(open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (file < 0 && errno == ENOENT)
        return {};
    if (file < 0)
        throw FileError(Kind::unreadable, "the journal \"" + path_ + "\" cannot be read: " + because(),
                        "The user that the server runs as must own it, with mode 0600.");
    check_access(file, path_);
    lock(file, LOCK_SH, path_);
    std::string content;
    char buffer[65536];
    ssize_t got = 0;
    while ((got = ::read(file, buffer, sizeof buffer)) > 0)
        content.append(buffer, static_cast<std::size_t>(got));
    if (got < 0)
        throw FileError(Kind::unreadable, "the journal \"" + path_ + "\" cannot be read: " + because(), "");
    std::string_view text = content;
    if (text.find('\n') == std::string_view::npos) // not even the first line was finished
        return {};
    if (!text.starts_with(magic))
        damaged(path_, 1);
    text.remove_prefix(magic.size());
    std::vector<Record> records;
    std::string mac;
    for (std::size_t line = 2; !text.empty(); line++) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos)
            break; // torn by a crash: it was never said to be done
        const std::string_view whole = text.substr(0, end);
        text.remove_prefix(end + 1);
        std::uint32_t id = 0;
        if (whole.size() < 8 + 1 + 1 + mac_size ||
            std::from_chars(whole.data(), whole.data() + 8, id, 16).ptr != whole.data() + 8 || whole[8] != ' ' ||
            whole[whole.size() - mac_size - 1] != ' ')
            damaged(path_, line);
        const std::string_view body = whole.substr(0, whole.size() - mac_size - 1);
        mac = mac_of(mac, body, key(id));
        const auto record = decode(body.substr(9));
        if (whole.substr(whole.size() - mac_size) != mac || !record)
            damaged(path_, line);
        records.push_back(*record);
    }
    return records;
}

} // namespace gdpr::journal
