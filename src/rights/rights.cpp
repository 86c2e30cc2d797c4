#include "rights/rights.hpp"

#include "rights/blocklist.hpp"
#include "rights/hits.hpp"

namespace gdpr::rights {

void init() {
    init_identifiers();
    init_blocklist();
    init_blocklist_trigger();
}

} // namespace gdpr::rights
