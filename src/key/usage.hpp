// How often data keys are used. Random nonces allow 2^32 values a key; what is counted is rounded up.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::key {

/// How many values this database ever sealed, as its sequences have it; zero where there are none.
std::uint64_t values_sealed();

/// The next value asks anew which key is active.
void forget_sealing() noexcept;

void init_usage();

} // namespace gdpr::key
