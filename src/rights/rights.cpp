#include "rights/rights.hpp"

#include "pg/pg.hpp"

namespace gdpr::rights {

void init() {}

} // namespace gdpr::rights
