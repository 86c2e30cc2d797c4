// What takes the place of a value that is erased from a row that stays.
#pragma once

#include "label/label.hpp"
#include "pg/spi.hpp"

namespace gdpr::rights {

/// How one column is blanked.
struct Blank {
    std::string column; // unquoted
    std::string value;  // as it is, of the column's plain type
    /// SQL expressions of the column's plain type, the first wish first: NULL where it may be, then pseudonyms, each
    /// anew for every row. Which one the constraints admit, only the attempt tells.
    std::vector<std::string> expressions;
    /// True of a row, alias t, in which this was done already.
    std::string done;

    /// Leaves the value in the rows of a condition.
    void spare(const std::string &rows);
};

/// The labelled columns of a relation that are blanked. Raises where a label asks for what cannot be.
std::vector<Blank> blanks(Oid relation, const label::Labels &labels);

/// A column that is given a pseudonym whatever its label says. Raises where its type has none.
Blank pseudonym(Oid relation, const std::string &column);

/// Some of the columns still hold a value.
std::string undone(const std::vector<Blank> &blanks);

/// Blanks the columns in the rows of a condition, and cuts `cuts` (column = expression) with it, in one statement.
/// Tries the expressions, each in a subtransaction, until the constraints admit them all; raises naming the columns
/// where they never do. Returns how many rows there were.
std::uint64_t blank(Oid relation, const std::vector<Blank> &blanks, const std::string &cuts, const std::string &where,
                    const std::vector<pg::Param> &params);

} // namespace gdpr::rights
