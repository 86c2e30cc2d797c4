// Rows that come to be one person with others, below SQL: for the trigger that sees them stored, and for acts that must
// reach all of a person's rows, those included that others are storing meanwhile.
#pragma once

#include "subject/same_person.hpp"

namespace gdpr::subject {

/// Has the relation columns labelled same_person? Cheap enough for every row.
bool has_marks(Oid relation);

/// What the row has in columns labelled same_person; of a row that was changed, only what it did not have before.
std::vector<Mark> marks_of(Oid relation, TupleTableSlot *row, TupleTableSlot *before = nullptr);

/// Waits for whoever has claimed the mark by hold_same_person(). Call it when the row is stored already: either they
/// find it, and wait for this transaction, or it waits for theirs, and finds what they did.
void await(const Mark &mark);

/// The people who have the mark, as committed at this moment, of the subject tables that `of` says yes to.
std::vector<Subject> bearers_of(const Mark &mark, const std::function<bool(Oid)> &of);

/// As lock_same_person(), with rows that others are storing now: it waits for them. Whoever stores one from then on
/// waits in await() until this transaction ends.
std::vector<Subject> hold_same_person(const Subject &subject, Lock lock = Lock::row);

} // namespace gdpr::subject
