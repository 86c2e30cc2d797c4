#include "journal/file.hpp"
#include "journal/match.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gdpr::journal {
namespace {

namespace fs = std::filesystem;
using RecordKind = Record::Kind;

Entry sample(char digit = '1') {
    Entry entry;
    entry.id = std::string(32, digit);
    entry.act = Act::consent_withdrawn;
    entry.at = 700000000000000;
    entry.lineage = std::string(32, 'a');
    entry.system = 18446744073709551615ULL;
    entry.database = 4294967295U;
    entry.table = "\"Odd schema\".t%2 -ä";
    entry.subject_key = 0xfedcba98;
    entry.subject.fill(0xab);
    entry.born = -5;
    entry.tracked = true;
    entry.purpose = "news letter";
    entry.until = 9;
    entry.normaliser = 1;
    entry.identifier_key = 7;
    entry.identifiers = {{"email", {}}, {"phone", {}}};
    entry.identifiers[0].hash.fill(0x01);
    return entry;
}

TEST(JournalRecord, comesBackAsItWas) {
    for (const RecordKind kind :
         {RecordKind::intent, RecordKind::confirmed, RecordKind::aborted, RecordKind::yes, RecordKind::no}) {
        Record record;
        record.kind = kind;
        if (kind == RecordKind::intent)
            record.entry = sample();
        else
            record.entry.id = sample().id;
        const std::string text = encode(record);
        EXPECT_EQ(text.find('\n'), std::string::npos);
        EXPECT_EQ(decode(text), record);
    }
}

TEST(JournalRecord, emptyFields) {
    Record record{RecordKind::intent, sample()};
    record.entry.born.reset();
    record.entry.until.reset();
    record.entry.purpose.clear();
    record.entry.identifiers.clear();
    EXPECT_EQ(decode(encode(record)), record);
    record.entry.purpose = "-";
    EXPECT_EQ(decode(encode(record)), record);
}

TEST(JournalRecord, everyCutAndEveryByteIsSeen) {
    const std::string text = encode({RecordKind::intent, sample()});
    for (std::size_t size = 0; size < text.size(); size++)
        EXPECT_NE(decode(text.substr(0, size)), (Record{RecordKind::intent, sample()})) << size;
    for (std::size_t i = 0; i < text.size(); i++) {
        std::string changed = text;
        changed[i] = '\x7f';
        EXPECT_NE(decode(changed), (Record{RecordKind::intent, sample()})) << i;
    }
    EXPECT_FALSE(decode(""));
    EXPECT_FALSE(decode("confirmed"));
    EXPECT_FALSE(decode("confirmed 1"));
    EXPECT_FALSE(decode(text + " more"));
}

class JournalFile : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "gdpr-journal-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        directory = pattern;
        path = (directory / "journal").string();
    }
    void TearDown() override { fs::remove_all(directory); }

    std::string content() const {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void write(const std::string &text) const {
        std::ofstream out(path, std::ios::binary | std::ios::trunc);
        out << text;
    }
    void append(char digit) const { File(path).append({{RecordKind::intent, sample(digit)}}, 5, key); }
    std::size_t count() const {
        return File(path).read([&](std::uint32_t) -> const cipher::Key & { return key; }).size();
    }
    FileError::Kind failure() const {
        try {
            (void)count();
        } catch (const FileError &error) {
            return error.kind;
        }
        ADD_FAILURE() << "read";
        return FileError::Kind::unwritable;
    }

    fs::path directory;
    std::string path;
    cipher::Key key = cipher::Key::random();
};

TEST_F(JournalFile, missingIsEmpty) {
    EXPECT_EQ(count(), 0U);
    EXPECT_NO_THROW(File(path).check());
    EXPECT_FALSE(fs::exists(path));
    EXPECT_THROW(File((directory / "no" / "journal").string()).check(), FileError);
}

TEST_F(JournalFile, grows) {
    append('1');
    append('2');
    append('3');
    EXPECT_EQ(count(), 3U);
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(JournalFile, tornAnywhereInTheLastLine) {
    append('1');
    const std::size_t whole = content().size();
    append('2');
    const std::string all = content();
    for (std::size_t size = 0; size < all.size(); size += size < whole ? 31 : 137) {
        write(all.substr(0, size));
        fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
        const std::size_t left = size < whole ? 0 : 1;
        EXPECT_EQ(count(), left) << size;
        append('3');
        EXPECT_EQ(count(), left + 1) << size;
    }
}

TEST_F(JournalFile, everyByteIsCovered) {
    append('1');
    append('2');
    const std::string all = content();
    for (std::size_t i = 0; i + 1 < all.size(); i += 3) {
        std::string changed = all;
        changed[i] = changed[i] == '0' ? '1' : '0';
        write(changed);
        fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
        EXPECT_EQ(failure(), FileError::Kind::damaged) << i;
    }
}

TEST_F(JournalFile, removedSwappedAndRepeatedLines) {
    for (const char digit : {'1', '2', '3'})
        append(digit);
    const std::string all = content();
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < all.size();) {
        const std::size_t end = all.find('\n', begin) + 1;
        lines.push_back(all.substr(begin, end - begin));
        begin = end;
    }
    ASSERT_EQ(lines.size(), 4U);
    for (const std::vector<std::size_t> &order : std::vector<std::vector<std::size_t>>{
             {0, 2, 3}, {0, 1, 3}, {0, 2, 1, 3}, {0, 1, 1, 2, 3}, {0, 1, 2, 3, 1}, {1, 2, 3}}) {
        std::string text;
        for (const std::size_t line : order)
            text += lines[line];
        write(text);
        EXPECT_EQ(failure(), FileError::Kind::damaged);
    }
}

TEST_F(JournalFile, exposed) {
    append('1');
    fs::permissions(path, fs::perms::group_read, fs::perm_options::add);
    EXPECT_EQ(failure(), FileError::Kind::exposed);
    EXPECT_THROW(append('2'), FileError);
    EXPECT_THROW(File(path).check(), FileError);
}

TEST_F(JournalFile, writersSideBySide) {
    constexpr int writers = 8, each = 5;
    for (int i = 0; i < writers; i++)
        if (fork() == 0) {
            for (int n = 0; n < each; n++)
                append('4');
            _exit(0);
        }
    while (wait(nullptr) > 0)
        continue;
    EXPECT_EQ(count(), static_cast<std::size_t>(writers * each));
}

// ---- Whom an entry is about ----------------------------------------------------------------------------------------

Verdict verdict(std::optional<std::int64_t> entry_born, bool tracked, Candidate candidate) {
    Entry entry;
    entry.at = 100;
    entry.born = entry_born;
    entry.tracked = tracked;
    return judge(entry, candidate);
}

TEST(JournalMatch, keyAndAge) {
    EXPECT_EQ(verdict(50, true, {true, 1, 0, 50, true}), Verdict::same) << "another address, the same row";
    EXPECT_EQ(verdict({}, true, {true, 1, 0, {}, true}), Verdict::same) << "both from before the watch";
    EXPECT_EQ(verdict(50, true, {true, 1, 0, 40, true}), Verdict::other) << "an earlier bearer of the key";
    EXPECT_EQ(verdict(50, true, {true, 1, 0, {}, true}), Verdict::other) << "an earlier bearer, before the watch";
    EXPECT_EQ(verdict(50, true, {true, 1, 1, 100, true}), Verdict::other) << "came back";
    EXPECT_EQ(verdict(50, true, {true, 1, 1, 40, true}), Verdict::same) << "the table was loaded anew";
}

TEST(JournalMatch, neverAKeyAlone) {
    EXPECT_EQ(verdict({}, false, {true, 0, 0, {}, false}), Verdict::ask);
    EXPECT_EQ(verdict({}, false, {true, 1, 1, {}, false}), Verdict::ask);
    EXPECT_EQ(verdict(50, true, {true, 1, 1, {}, false}), Verdict::ask);
    EXPECT_EQ(verdict({}, false, {true, 1, 0, 50, true}), Verdict::ask);
}

TEST(JournalMatch, identifiersWithoutTheKey) {
    EXPECT_EQ(verdict(50, true, {false, 2, 2, 50, true}), Verdict::same) << "the key changed";
    EXPECT_EQ(verdict(50, true, {false, 2, 1, 50, true}), Verdict::other) << "shares a telephone";
    EXPECT_EQ(verdict(50, true, {false, 1, 1, 40, true}), Verdict::ask) << "all that they have";
    EXPECT_EQ(verdict({}, true, {false, 1, 1, {}, true}), Verdict::ask);
    EXPECT_EQ(verdict(50, true, {false, 1, 1, 200, true}), Verdict::other) << "came later";
    EXPECT_EQ(verdict(50, true, {false, 0, 0, 50, true}), Verdict::other);
}

} // namespace
} // namespace gdpr::journal
