// One person in several rows of subject tables, by identifiers in columns labelled same_person.
#pragma once

#include "subject/person.hpp"

namespace gdpr::subject {

/// The rows that are one person with this one: this one first, then the others by table and key. Those that hold the
/// same identifier, in normalised form, in columns whose labels say same_person by the same name; and whoever shares an
/// identifier with these. Raises where there are more than one person could have.
std::vector<Subject> same_person(const Subject &subject);

/// The same, every row locked; in one order, so that those who lock one person's rows wait for one another. Of people
/// in tables without the word nothing is locked.
std::vector<Subject> lock_same_person(const Subject &subject, Lock lock = Lock::row);

/// Columns of two subject tables, or of one, whose equal values are one person's; unquoted.
struct Joint {
    Oid table = InvalidOid, other = InvalidOid;
    std::string column, other_column;
};

/// All of them, each seen from either table, by the tables' names.
std::vector<Joint> joints();

/// While one lives, a person is the one row they are named by: for acts that have an end or a cause of that row alone.
class OneRow {
  public:
    OneRow() noexcept { depth++; }
    ~OneRow() { depth--; }
    OneRow(const OneRow &) = delete;
    OneRow &operator=(const OneRow &) = delete;

    static bool wanted() noexcept { return depth > 0; }

  private:
    static inline int depth = 0;
};

} // namespace gdpr::subject
