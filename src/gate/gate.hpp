// Gates: what a role may see of labelled columns, through any SQL path.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::gate {

/// Raises where the statement under way was planned before the library was loaded, and the roles it runs as are gated.
/// For what is reached even in such a session: the policies of tables, the functions of encrypted types.
void require_gated_plan();

void init();

} // namespace gdpr::gate
