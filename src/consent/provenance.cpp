#include "consent/consent.hpp"

#include "pg/pg.hpp"

namespace gdpr::consent {

void plan_provenance(Oid, apply::Actions &) {}

} // namespace gdpr::consent
