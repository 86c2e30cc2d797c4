// Gates: what a role may see of labelled columns, through any SQL path.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::gate {

/// Raises where the statement under way was planned before the library was loaded, and the roles it runs as are gated.
/// For what is reached even in such a session: the policies of tables, the functions of encrypted types.
void require_gated_plan();

/// Raises where the statement that is being planned has not passed the gates, and its roles are gated: the library came
/// too late, or another has taken the planner's hook. For support functions: the planner asks them in any session.
void require_gated_planner();

/// Is there a channel that does not see all of the relation as it is?
bool gates_somebody(Oid relation);

/// Is its owner in one?
bool gates_owner(Oid relation);

/// All such relations, by name: those with columns that rules speak about, and their families.
std::vector<Oid> gated_relations();

void init();

} // namespace gdpr::gate
