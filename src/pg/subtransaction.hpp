// An error that is an answer.
#pragma once

#include "pg/error.hpp"

namespace gdpr::pg {

/// Runs `step` in a subtransaction. False when it raised an error of the category (of ERRCODE_TO_CATEGORY), which is
/// then rolled back and forgotten; any other error travels on. What the step allocates in the current memory context
/// stays.
bool attempt(int category, const std::function<void()> &step);

/// The same for the errors that `expected` says yes to.
bool attempt(const std::function<bool(const Error &)> &expected, const std::function<void()> &step);

} // namespace gdpr::pg
