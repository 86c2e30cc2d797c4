// One hook of object access for the whole extension: PostgreSQL calls it for every function that a statement calls.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

using ObjectAccess = void (*)(Oid catalog, Oid object, int part);

/// Has it called after other libraries' hooks, for one kind of access.
void on_object_access(ObjectAccessType access, ObjectAccess callback);

} // namespace gdpr::pg
