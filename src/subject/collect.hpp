// From a person down to their rows, set at a time: one condition a relation, usable in any statement on it.
#pragma once

#include "pg/spi.hpp"
#include "subject/graph.hpp"

namespace gdpr::subject {

/// The rows of one relation that a step of the walk reaches.
struct Selection {
    Step step; // the relation is step.node; kind, hops, shared
    /// Boolean SQL over the relation under the alias t, with parameters $1 … $n; of an accessed relation, too.
    std::string condition;
    std::vector<pg::Param> params; // keys; they live in the memory context of the collection
    /// One for each of step.hops, over the same parameters; OR-ed they are the condition.
    std::vector<std::string> hop_conditions;
    std::uint64_t rows = 0; // how many the condition reaches
};

/// What belongs to one subject, found by one query a relation, each as the owner of its table. Parents come before
/// children, as in the walk.
class Collection {
  public:
    /// Allocates in the current memory context. Raises where the walk is undecided. `locking`: rows that the subject
    /// owns are locked FOR UPDATE as they are found.
    explicit Collection(const Subject &subject, bool locking = false)
        : Collection(std::vector<Subject>{subject}, locking) {}
    /// Of one person who has several rows in subject tables; the first of them is the one they are named by.
    explicit Collection(std::vector<Subject> subjects, bool locking = false);

    const Subject &subject() const noexcept { return subjects_.front(); }
    const std::vector<Subject> &subjects() const noexcept { return subjects_; }
    /// Is it one of the subject tables that the person is in?
    bool is_of(Oid subject_table) const noexcept {
        return std::any_of(subjects_.begin(), subjects_.end(),
                           [&](const Subject &each) { return each.table == subject_table; });
    }
    const Walk &walk() const noexcept { return walk_; }
    const std::vector<Selection> &selections() const noexcept { return selections_; }

    /// Does the subject have a row of its own?
    bool exists() const noexcept { return !selections_.empty() && selections_.front().rows > 0; }

    /// Of a subject without a row, the values of the columns as arrays of one; none where they are not of its key.
    std::vector<pg::Param> absent_keys(const std::vector<std::string> &columns) const;

  private:
    /// The keys that one hop carries from its owner's rows, as parameters.
    using Keys = std::vector<pg::Param>;

    void select_subject(const Step &step);
    void select_group(std::size_t first, std::size_t last);
    Selection select(const Step &step) const;
    void read_keys(Selection &selection);
    static std::vector<std::size_t> narrowing(const pg::Rows &found, int columns);

    std::vector<Subject> subjects_;
    Walk walk_;
    bool locking_;
    std::vector<Selection> selections_;
    std::map<std::size_t, std::vector<Hop>> carried_;        // by owner, what its rows' keys are needed for
    std::map<std::string, Keys> keys_;                       // by hop
    std::map<std::string, std::vector<std::size_t>> narrow_; // columns that serve to find the rows, by composite hop
};

} // namespace gdpr::subject
