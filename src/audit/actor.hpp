// Who a change is recorded of.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::audit {

/// The role whose statement changed the row that an audit trigger now sees, also where a foreign key cascaded to it.
Oid changing_role();

void init_actor();

} // namespace gdpr::audit
