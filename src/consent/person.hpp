// Whom something is recorded of.
#pragma once

#include "subject/graph.hpp"

namespace gdpr::consent {

/// The person that the first two arguments of a function name.
subject::Subject person_argument(FunctionCallInfo fcinfo);

/// Against whoever deletes the row or records something of the person, or against all that foreign keys do, too.
enum class Lock { row, whole };

/// Locks the person's row; false where there is none.
bool lock_person(const subject::Subject &subject, Lock lock = Lock::row);

/// Locks the person's row, so that what is recorded of one person is recorded one after the other, and not while
/// somebody deletes the row. Raises where there is no such person.
void require_person(const subject::Subject &subject);

} // namespace gdpr::consent
