// One person in several rows of subject tables, by identifiers in columns labelled same_person.
#pragma once

#include "apply/action.hpp"
#include "consent/person.hpp"
#include "subject/graph.hpp"

namespace gdpr::rights {

/// The rows that are one person with this one: this one first, then the others by table and key. Those that hold the
/// same identifier, in normalised form, in columns whose labels say same_person by the same name; and whoever shares an
/// identifier with these. Raises where there are more than one person could have.
std::vector<subject::Subject> same_person(const subject::Subject &subject);

/// The same, every row locked; in one order, so that those who lock one person's rows wait for one another. Of people
/// in tables without the word nothing is locked.
std::vector<subject::Subject> lock_same_person(const subject::Subject &subject,
                                               consent::Lock lock = consent::Lock::row);

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

/// Are the values of a column written alike in every session, so that an index can have them?
bool tells_same_person(Oid relation, AttrNumber column);

/// The normalised form of a column, as SQL on a row: `row` is empty, or its alias and a dot.
std::string normalised_form(Oid relation, const std::string &column, const std::string &row);

/// The indexes by which such rows are found, where there are none, and those that serve no longer. Returns whether one
/// must go before its column can be encrypted.
bool plan_same_person(Oid relation, apply::Actions &actions);

} // namespace gdpr::rights
