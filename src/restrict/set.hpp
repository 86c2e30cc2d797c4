// The set of restricted people, kept in the backend: what the policies and the guards ask for every row.
#pragma once

#include "subject/graph.hpp"

namespace gdpr::restriction {

/// Takes in what other sessions have committed, once a statement; cheap to call for every row. Returns a number that
/// differs from the one before whenever answers may differ.
std::uint64_t refresh();

/// The same, at once: for the beginning of what is a statement of its own inside the client's.
std::uint64_t refresh_now();

// The following answer as of the last refresh().

bool anyone();

/// Is anyone restricted whose subject table this is?
bool anyone_of(Oid subject_table);

bool contains(const subject::Subject &subject);

/// The restricted people of one subject table; null where they are too many to be kept in memory.
std::optional<std::vector<std::string>> keys_of(Oid subject_table);

void init_set();

} // namespace gdpr::restriction
