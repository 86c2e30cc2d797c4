#pragma once

// Is this row the person that an entry of the journal is about? Pure C++.

#include "journal/record.hpp"

namespace gdpr::journal {

/// What is known of a row of the subject table.
struct Candidate {
    bool same_key = false;
    std::size_t identifiers = 0; // it holds,
    std::size_t shared = 0;      // of which the entry has so many
    std::optional<std::int64_t> born;
    bool watched = false; // a row of unknown age is older than the watch, hence than the entry
};

enum class Verdict { same, ask, other };

/// Keys are given anew and people share identifiers (a family's telephone), so neither is enough by itself: a key
/// counts together with the age of its row or with an identifier, identifiers without the key only with the age and
/// when the row has no others. Whoever came after the act is somebody else, or came back.
Verdict judge(const Entry &entry, const Candidate &candidate);

} // namespace gdpr::journal
