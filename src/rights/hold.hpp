// Legal holds (Art. 17(3)(e), 18(1)(c)): what may be evidence is neither erased nor processed.
#pragma once

#include "subject/graph.hpp"

namespace gdpr::rights {

/// Raises while the person is held.
void refuse_held(const subject::Subject &subject);

} // namespace gdpr::rights
