// Whose row of a subject table something is done with.
#pragma once

#include "pg/spi.hpp"
#include "subject/graph.hpp"

namespace gdpr::subject {

/// The person that two arguments of a function name, the first of them and the next; the key canonical. Types of a key
/// may carry code of the table's owner (a domain's CHECK), so it runs as the owner.
Subject person_argument(FunctionCallInfo fcinfo, int first = 0);

/// Against whoever deletes the row or records something of the person, or against all that foreign keys do, too.
enum class Lock { row, whole };

/// Locks the person's row; false where there is none.
bool lock_person(const Subject &subject, Lock lock = Lock::row);

/// Locks the person's row, so that what is recorded of one person is recorded one after the other, and not while
/// somebody deletes the row. Raises where there is no such person.
void require_person(const Subject &subject);

/// People as parameters of a statement: an array of subject tables, and one of keys.
std::array<pg::Param, 2> arrays_of(const std::vector<Subject> &people);

} // namespace gdpr::subject
