// Refusals that the guards of gated tables share.
#pragma once

#include "gate/trace.hpp"

namespace gdpr::gate {

/// Raises that a role cannot do `what` a relation, some columns of which it does not see.
[[noreturn]] void refuse(Oid relation, const char *what);

} // namespace gdpr::gate
