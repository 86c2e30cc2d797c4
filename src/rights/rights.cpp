#include "rights/rights.hpp"

#include "rights/blocklist.hpp"

namespace gdpr::rights {

void init() { init_blocklist(); }

} // namespace gdpr::rights
