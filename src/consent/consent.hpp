// Purposes, lawful bases, consent, and where data came from.
#pragma once

#include "apply/action.hpp"
#include "subject/graph.hpp"

namespace gdpr::consent {

/// The provenance triggers that a subject table should have and has not, or that another table has and should not.
void plan_provenance(Oid relation, apply::Actions &actions);

/// When the person was stored, where that is known: nothing of who was there before the triggers were, and of whom the
/// source has been erased.
std::optional<TimestampTz> known_since(const subject::Subject &subject);

/// Are all rows of the subject table watched, so that nobody of whom nothing is known came after the triggers?
bool watched(Oid subject_table);

void init();

} // namespace gdpr::consent
