// The audit log: who changed whose data, when, and from what to what.
#pragma once

#include "apply/action.hpp"
#include "subject/graph.hpp"

namespace gdpr::audit {

/// The triggers that a relation should have and has not, or has and should not.
void plan(Oid relation, apply::Actions &actions);

/// While one lives, changes are recorded without their values: what is being erased must not be kept in the log.
class WithoutValues {
  public:
    WithoutValues() noexcept;
    ~WithoutValues();
    WithoutValues(const WithoutValues &) = delete;
    WithoutValues &operator=(const WithoutValues &) = delete;
};

/// Removes every value, and the key, from the records of one subject; what stays says that something was done.
/// Returns how many records were scrubbed. With `dry_run`, only counts.
std::uint64_t scrub(const subject::Subject &subject, bool dry_run);

/// Records an act that is not a change of a row: a right exercised. `operation` is a word such as access or forget.
void record(const subject::Subject &subject, std::string_view operation, std::string_view note);

void init();

} // namespace gdpr::audit
