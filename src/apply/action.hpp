// One thing that is declared but not yet enforced. Every room names its own; plan() lists them, apply() runs
// them in one transaction.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::apply {

struct Action {
    Oid relation = InvalidOid;
    std::string action;    // a short phrase: "create audit trigger"
    std::string statement; // SQL that does it, fully qualified and quoted; run as the extension's owner
};

using Actions = std::vector<Action>;

/// Is there a trigger of this name on the relation, calling gdpr.`function`, enabled to fire always?
bool has_trigger(Oid relation, const char *name, const char *function);

} // namespace gdpr::apply
