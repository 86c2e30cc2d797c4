// Purposes, lawful bases, consent, and where data came from.
#pragma once

#include "apply/action.hpp"
#include "subject/graph.hpp"

namespace gdpr::consent {

/// The provenance triggers that a subject table should have and has not, or that another table has and should not.
void plan_provenance(Oid relation, apply::Actions &actions);

/// Reduces what is kept of a forgotten subject to what accountability needs: that consent was given and withdrawn for
/// a purpose and when, without key or evidence; to whom data was disclosed, not whose. Returns how many rows were
/// changed or removed, by relation of gdpr.
std::map<std::string, std::uint64_t> erase(const subject::Subject &subject, bool dry_run);

void init();

} // namespace gdpr::consent
