// What is due by the labels: rows whose time is over, and what becomes of them.
#pragma once

#include "rights/erase_keys.hpp"
#include "rights/pseudonym.hpp"

namespace gdpr::retention {

/// A labelled table with a time after which its rows go.
struct Term {
    Oid relation = InvalidOid; // the labelled one
    std::string column;
    std::string due;                   // boolean SQL over the alias t: the row's time is over, and no duty keeps it
    std::string bound;                 // implied by it, in the form that an index on the column serves
    std::vector<rights::Blank> blanks; // of rows that are anonymised; none where they are deleted
    bool subject = false;              // its rows are people, who are forgotten

    const char *action() const noexcept { return subject ? "forget" : blanks.empty() ? "delete" : "anonymize"; }
};

/// Every table labelled expires(…), by name. Raises where the column is no date or time.
std::vector<Term> terms();

/// The tables that hold a relation's rows.
std::vector<Oid> leaves_of(Oid relation);

/// Rows that a legal duty keeps now, by the label keep; "false" where there is none.
std::string kept(Oid relation);

/// The condition that nobody of the rows' people is restricted or held; "true" where nobody is, or the rows are
/// nobody's.
std::string unrestricted(Oid relation);

/// Has the relation a btree index that begins with the column?
bool indexed(Oid relation, const std::string &column);

} // namespace gdpr::retention
