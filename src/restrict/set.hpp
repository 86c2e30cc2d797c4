// The people whose data may not be processed, kept in the backend: what the policies and the guards ask for every row.
#pragma once

#include "restrict/keys.hpp"
#include "subject/graph.hpp"

namespace gdpr::restriction {

/// Behind a purpose's name: its decisions without a human alone. No purpose is named so.
inline constexpr std::string_view automated_suffix = "/automated";

/// Takes in what other sessions have committed, once a statement; cheap to call for every row. Returns a number that
/// differs from the one before whenever answers may differ.
std::uint64_t refresh();

/// The same, at once: for the beginning of what is a statement of its own inside the client's.
std::uint64_t refresh_now();

// The following answer as of the last refresh(). Denied to a purpose is who is restricted, and who objects to it; the
// empty purpose stands for any, to which only restrictions speak.

/// Is anyone restricted at all?
bool anyone();

/// Is anyone denied whose subject table this is?
bool anyone_of(Oid subject_table, const std::string &purpose = {});

bool contains(const subject::Subject &subject, const std::string &purpose = {});

/// How many are denied, at most.
std::size_t count_of(Oid subject_table, const std::string &purpose = {});

/// The denied of one subject table; null where they are too many to be kept in memory.
std::shared_ptr<const Keys> denied(Oid subject_table, const Form &form, const std::string &purpose = {});

void init_set();

} // namespace gdpr::restriction
