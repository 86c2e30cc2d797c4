// The rights of a person, one file each, as the module sees the room.
#pragma once

#include "apply/action.hpp"
#include "subject/graph.hpp"

namespace gdpr::rights {

/// The blocklist's triggers that a relation should have and has not.
void plan_blocklist(Oid relation, apply::Actions &actions);

/// The indexes by which rows labelled same_person are found, where there are none, and those that serve no longer.
/// Returns whether one must go before its column can be encrypted.
bool plan_same_person(Oid relation, apply::Actions &actions);

void init();

} // namespace gdpr::rights
