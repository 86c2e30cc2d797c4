// The policy's predicate in a running plan, without the function call.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::restriction {

/// The run of the executor that is under way; a number of its own for each.
std::uint64_t current_run() noexcept;

/// Chains the executor's start and run.
void init_filter();

} // namespace gdpr::restriction
