#pragma once

// What the journal says, as lines of text: pure C++. A line holds keyed hashes, times and names of tables and
// purposes, and not one byte of anybody's data.

#include "cipher/cipher.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gdpr::journal {

/// The acts that a restore must not undo, and those that take them back. The names are stored.
enum class Act {
    erasure,
    restriction,
    restriction_lifted,
    objection,
    objection_withdrawn,
    consent_withdrawn,
    consent_given,
    unblocking
};

std::string_view act_name(Act act);

/// A UUID, as 32 hexadecimal digits.
using Id = std::string;

struct HashedIdentifier {
    std::string kind; // as the blocklist has it
    cipher::Digest hash{};

    bool operator==(const HashedIdentifier &) const = default;
};

/// An act that a transaction is about to do.
struct Entry {
    Id id;
    Act act = Act::erasure;
    std::int64_t at = 0;      // microseconds, as PostgreSQL counts them
    Id lineage;               // the database, wherever it was copied or restored to
    std::uint64_t system = 0; // the cluster, and
    std::uint32_t database = 0;
    std::string table;             // the subject table, as relation_name() writes it
    std::uint32_t subject_key = 0; // the key of
    cipher::Digest subject{};      // the hash of table and primary key
    /// When the person's row was made, where that is known.
    std::optional<std::int64_t> born;
    bool tracked = false; // the table's rows are watched, so that none of unknown age is younger than the watch
    std::string purpose;  // of a consent or an objection
    std::optional<std::int64_t> until;
    int normaliser = 0;
    std::uint32_t identifier_key = 0; // the key of
    std::vector<HashedIdentifier> identifiers;

    bool operator==(const Entry &) const = default;
};

/// One line: an intent is written before its transaction commits, what became of it afterwards; yes and no are
/// an officer's answers where nothing was written.
struct Record {
    enum class Kind { intent, confirmed, aborted, yes, no };

    Kind kind = Kind::intent;
    Entry entry; // but for an intent its id alone

    bool operator==(const Record &) const = default;
};

/// Without line end and MAC.
std::string encode(const Record &record);

/// Nothing where the text is no record.
std::optional<Record> decode(std::string_view text);

std::string hex(cipher::Bytes bytes);
bool unhex(std::string_view text, std::span<std::uint8_t> out);

} // namespace gdpr::journal
