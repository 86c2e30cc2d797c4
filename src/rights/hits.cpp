#include "rights/hits.hpp"

#include "key/descriptor.hpp"
#include "key/provider.hpp"
#include "pg/pg.hpp"

#include <charconv>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gdpr::rights {

namespace {

constexpr off_t most_bytes = off_t{8} << 20; // then the file is put aside, and the one before it goes
constexpr char separator = '\t';             // no name of ours has one: see plain()

std::map<std::string, std::int64_t> *noted = nullptr; // rows by line, of this transaction

std::string path() { return key::keyring_path() + ".hits"; }

/// Names may hold anything.
std::string plain(std::string_view name) {
    std::string out(name);
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
    return out;
}

int open_file(const std::string &path, int flags) {
    return open(path.c_str(), flags | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW, 0600);
}

bool write_lines(const std::string &lines) {
    const std::string name = path();
    for (;;) {
        const Descriptor file(open_file(name, O_WRONLY | O_APPEND | O_CREAT));
        struct stat opened {
        }, named{};
        if (file < 0 || flock(file, LOCK_EX) != 0 || fstat(file, &opened) != 0 || !S_ISREG(opened.st_mode))
            return false;
        if (stat(name.c_str(), &named) != 0 || named.st_ino != opened.st_ino)
            continue; // another session put it aside
        if (opened.st_size > most_bytes) {
            if (rename(name.c_str(), (name + ".1").c_str()) != 0)
                return false;
            continue;
        }
        return write(file, lines.data(), lines.size()) == static_cast<ssize_t>(lines.size()) && fsync(file) == 0;
    }
}

void write_noted() noexcept {
    if (noted == nullptr || noted->empty())
        return;
    bool done = false;
    try {
        std::string lines;
        const std::string head = std::to_string(GetCurrentTimestamp()) + separator + std::to_string(MyDatabaseId);
        for (const auto &[line, rows] : *noted)
            lines += head + separator + line + separator + std::to_string(rows) + '\n';
        done = write_lines(lines);
    } catch (...) {
        done = false;
    }
    noted->clear();
    if (!done)
        ereport(LOG, (errmsg("hits of the blocklist could not be recorded"),
                      errhint("Set gdpr.keyring_file to a path in a directory that the server's user can write.")));
}

void transaction_ended(XactEvent event) {
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
        write_noted();
}

pg::AtTransactionEnd at_end(transaction_ended);

std::vector<std::string> split(const std::string &line) {
    std::vector<std::string> out;
    for (std::size_t begin = 0;;) {
        const std::size_t end = line.find(separator, begin);
        out.push_back(line.substr(begin, end - begin));
        if (end == std::string::npos)
            return out;
        begin = end + 1;
    }
}

std::string content(const std::string &name) {
    const Descriptor file(open_file(name, O_RDONLY));
    std::string out;
    char buffer[65536];
    ssize_t got = 0;
    while (file >= 0 && (got = read(file, buffer, sizeof buffer)) > 0)
        out.append(buffer, static_cast<std::size_t>(got));
    return out;
}

void list_hits(pg::ResultSet &result) {
    const std::string text = content(path() + ".1") + content(path());
    for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
        const std::vector<std::string> word = split(text.substr(begin, end - begin));
        std::int64_t at = 0, rows = 0;
        const auto number = [](const std::string &from, std::int64_t &to) {
            return std::from_chars(from.data(), from.data() + from.size(), to).ec == std::errc();
        };
        if (word.size() != 7 || word[1] != std::to_string(MyDatabaseId) || !number(word[0], at) ||
            !number(word[6], rows))
            continue;
        result.add({pg::param(TIMESTAMPTZOID, TimestampTzGetDatum(at)), pg::param(word[2]), pg::param(word[3]),
                    pg::param(word[4]), pg::param(word[5]), pg::param(rows)});
    }
}

} // namespace

void note_hit(Oid relation, const std::string &column, std::string_view action) {
    if (noted == nullptr)
        noted = new std::map<std::string, std::int64_t>;
    const std::string role = pg::call([] { return GetUserNameFromId(GetSessionUserId(), false); });
    const std::string line = plain(pg::relation_name(relation)) + separator + plain(column) + separator +
                             std::string(action) + separator + plain(role);
    at_end.arm();
    (*noted)[line]++;
}

} // namespace gdpr::rights

using namespace gdpr;

GDPR_FUNCTION(gdpr_blocklist_hits) {
    pg::ResultSet result(fcinfo);
    rights::list_hits(result);
    PG_RETURN_NULL();
}
