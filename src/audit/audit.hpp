// The audit log: who changed whose data, when, and from what to what.
#pragma once

#include "apply/action.hpp"
#include "subject/graph.hpp"

namespace gdpr::audit {

/// The triggers that a relation should have and has not, or has and should not.
void plan(Oid relation, apply::Actions &actions);

/// While one lives, changes are recorded without their values: what is being erased must not be kept in the log.
/// Whose they were is recorded all the same; whoever erases scrubs when all is done.
class WithoutValues {
  public:
    WithoutValues() noexcept;
    ~WithoutValues();
    WithoutValues(const WithoutValues &) = delete;
    WithoutValues &operator=(const WithoutValues &) = delete;
};

/// Removes every value, and the key, from the records of one subject, those under a former key of theirs included;
/// what stays says that something was done. Of a change that was other people's too, it removes the values from
/// their records as well. Returns how many records were scrubbed. With `dry_run`, only counts.
std::uint64_t scrub(const subject::Subject &subject, bool dry_run);

/// Records an act that is not a change of a row: a right exercised. `operation` is a word such as access or forget.
/// Without values, neither key nor note is recorded.
void record(const subject::Subject &subject, std::string_view operation, std::string_view note);

/// Records an act that is about a relation and no person in particular.
void record_about(Oid relation, std::string_view operation, std::string_view note);

void init();

} // namespace gdpr::audit
