// One person in several rows of subject tables, by identifiers in columns labelled same_person.
#pragma once

#include "subject/person.hpp"

namespace gdpr::subject {

/// The rows that are one person with this one: this one first, then the others by table and key. Those that hold the
/// same identifier, in normalised form, in columns whose labels say same_person by the same name; and whoever shares an
/// identifier with these. Raises where there are more than one person could have.
std::vector<Subject> same_person(const Subject &subject);

/// An identifier that tells of one person: the name that labels give the word, and the normalised form.
using Mark = std::pair<std::string, std::string>;

/// The same, with the identifiers that their rows hold; none where the table has not the word.
std::vector<Subject> same_person(const Subject &subject, std::set<Mark> *marks);

/// The columns of subject tables, unquoted, that are labelled same_person by a name.
std::vector<std::pair<Oid, std::string>> marked_columns(const std::string &label);

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
    friend class AllRows;
    static inline int depth = 0;
};

/// Within one, this is suspended: what such an act leads to may be of all rows.
class AllRows {
  public:
    AllRows() noexcept : outer_(std::exchange(OneRow::depth, 0)) {}
    ~AllRows() { OneRow::depth = outer_; }
    AllRows(const AllRows &) = delete;
    AllRows &operator=(const AllRows &) = delete;

  private:
    int outer_;
};

} // namespace gdpr::subject
