// The room of encrypted columns, as the module sees it.
#pragma once

#include "encrypted/literal.hpp"
#include "encrypted/recent.hpp"
#include "encrypted/type.hpp"

namespace gdpr::encrypted {

inline void init() {
    init_types();
    init_literals();
    init_recent();
}

} // namespace gdpr::encrypted
