// What the policies and the guards decide by.
#pragma once

#include "pg/postgres.hpp"
#include "subject/graph.hpp"

namespace gdpr::restriction {

/// Can rows of the relation belong to anyone who is restricted now? Raises where a label must first decide whose they
/// are: then nobody knows which to hide.
bool concerns(Oid relation);

/// Is any of them restricted? A row of two people is out of reach as soon as one of them is restricted.
bool any_restricted(const std::vector<subject::Subject> &owners);

/// Raises, with the label to write, where the owner of the relation's rows is undecided.
void require_decided(Oid node);

} // namespace gdpr::restriction
