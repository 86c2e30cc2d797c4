// The rights of a person, one file each, as the module sees the room.
#pragma once

#include "apply/action.hpp"
#include "subject/graph.hpp"

namespace gdpr::rights {

/// The blocklist's triggers that a relation should have and has not.
void plan_blocklist(Oid relation, apply::Actions &actions);

void init();

} // namespace gdpr::rights
