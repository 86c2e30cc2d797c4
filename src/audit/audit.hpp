// The audit log: who changed whose data, when, and from what to what.
#pragma once

#include "apply/action.hpp"
#include "subject/graph.hpp"

namespace gdpr::audit {

/// The triggers that a relation should have and has not, or has and should not.
void plan(Oid relation, apply::Actions &actions);

/// While one lives, changes are recorded without their values, and those of the subjects without the key: what is being
/// erased must not be kept in the log. What was recorded before is for scrub().
class Erasing {
  public:
    explicit Erasing(std::vector<subject::Subject> subjects) noexcept;
    ~Erasing();
    Erasing(const Erasing &) = delete;
    Erasing &operator=(const Erasing &) = delete;

    bool includes(const subject::Subject &subject) const noexcept {
        return std::find(subjects_.begin(), subjects_.end(), subject) != subjects_.end();
    }

  private:
    std::vector<subject::Subject> subjects_;
    const Erasing *outer_;
};

/// Removes every value, and the key, from the records of one subject, those under a former key of theirs included;
/// what stays says that something was done. Of a change that was other people's too, it removes the values from
/// their records as well.
class Scrub {
  public:
    /// Finds the records.
    explicit Scrub(subject::Subject subject);

    /// Of how many something would be removed.
    std::uint64_t count() const;

    /// Removes it, from what was recorded since as well; nothing was by the caller but within an Erasing.
    void run();

  private:
    void find();

    subject::Subject subject_;
    std::uint64_t ended_ = 0;                              // the transactions, when they were found
    std::set<std::pair<std::int64_t, std::string>> found_; // by the change and the key they bear
};

/// Records an act that is not a change of a row: a right exercised. `operation` is a word such as access or forget.
/// Of whoever is being erased, neither key nor note is recorded.
void record(const subject::Subject &subject, std::string_view operation, std::string_view note);

/// Records an act that is about a relation and no person in particular.
void record_about(Oid relation, std::string_view operation, std::string_view note);

void init();

} // namespace gdpr::audit
