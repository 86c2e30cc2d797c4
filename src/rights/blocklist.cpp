#include "rights/rights.hpp"

#include "pg/pg.hpp"

namespace gdpr::rights {

void plan_blocklist(Oid, apply::Actions &) {}

} // namespace gdpr::rights
