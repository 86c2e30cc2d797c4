// What a withdrawal of consent leaves nothing to stand on: data that labels give only purposes that are based on
// consent, and to which there is none (Art. 17(1)(b)).
#pragma once

#include "retention/rows.hpp"
#include "subject/collect.hpp"

namespace gdpr::retention {

/// What becomes of a person's rows of one relation, or of one column in them.
struct Erasable {
    Oid relation = InvalidOid;
    std::string action; // forget, delete, erase
    std::string column; // of erase
    std::uint64_t rows = 0;
};

/// As if consent to the purpose were withdrawn already. Nothing where labels give the purpose no data, or its basis for
/// this person is another one.
std::vector<Erasable> erasable(const subject::Subject &subject, const std::string &purpose);

/// Erases it; true where the person themselves is to be forgotten, which is for the caller to do.
bool erase_withdrawn(const subject::Subject &subject, const std::string &purpose, Done &done);

/// The purposes to which labels give data.
std::set<std::string> labelled_purposes();

} // namespace gdpr::retention
