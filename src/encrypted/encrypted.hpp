// The room of encrypted columns, as the module sees it.
#pragma once

#include "encrypted/literal.hpp"
#include "encrypted/type.hpp"

namespace gdpr::encrypted {

/// Changes queries before they are planned, so that encrypted columns serve them as plain ones would.
void init_rewriting();

/// Makes what is behind an encrypted type when the call or a restore makes the type.
void init_create();

/// Lets PostgreSQL estimate patterns from decrypted statistics.
void init_patterns();

/// Lets EXPLAIN (ANALYZE) tell how many values were decrypted.
void init_explain();

inline void init() {
    init_types();
    init_literals();
    init_rewriting();
    init_create();
    init_patterns();
    init_explain();
}

} // namespace gdpr::encrypted
