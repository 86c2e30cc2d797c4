// How a row of a relation tells by a few bytes whether somebody whose data may not be processed owns it.
#pragma once

#include "pg/lookup.hpp"
#include "restrict/keys.hpp"
#include "restrict/processing.hpp"
#include "subject/graph.hpp"

namespace gdpr::restriction {

/// A step from a column to the people further up: the keys of `owner` whose rows hang on `next`.
struct Level {
    Oid owner = InvalidOid;
    std::string key;                        // the column that the level below refers to
    std::string next;                       // the column that leads on, or the person's primary key
    Form form;                              // of next
    AttrNumber number = InvalidAttrNumber;  // of next
    std::shared_ptr<const pg::Lookup> rows; // by the key; none where no index finds them
};

/// One column that names people, or rows on the way to them.
struct Way {
    std::size_t argument = 0; // which of the policy's columns
    Form form;                // of that column
    Oid subject = InvalidOid;
    Form person; // of the people's keys
    std::shared_ptr<const Keys> denied;
    bool by_consent = false;   // and whoever does not consent
    std::vector<Level> levels; // none where the column names the person; the person's own comes last
    double descent = 0;        // what following all denied keys down costs, in look-ups of one row's owners
};

/// What decides over the rows of one relation. Shared by all places that ask, until labels, tables or people change.
struct Rule {
    std::vector<AttrNumber> columns; // that the policy passes
    Processing processing;
    std::uint64_t consents = 0; // their version, where a purpose makes them matter
    bool all = false;           // everyone's rows may be processed
    std::vector<Way> ways;      // any of them may hide a row; of no use unless they are complete
    bool complete = false;      // else each row's owners are looked up
    bool lasting = false;       // nothing need be gathered for a statement: the rule alone decides
};

/// Raises where a label must first decide whose the rows are, and where the policy lacks a column that tells. Needs
/// refresh().
std::shared_ptr<const Rule> rule_of(Oid relation, const std::vector<AttrNumber> &columns, const Processing &processing);

/// Does a row with that value of the way's column lead to somebody who is denied? One row is looked up a level.
/// Nothing where that does not tell.
std::optional<bool> leads_to_denied(const Way &way, Datum value);

/// May the person's data be processed?
bool permitted(const subject::Subject &subject, const Processing &processing);

/// Of the rows of a relation, the part that a policy is likely to leave.
double permitted_part(const Rule &rule);

/// How many rows a relation has, as far as is known.
double rows_of(Oid relation);

} // namespace gdpr::restriction
