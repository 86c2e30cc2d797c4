// Erasure of a person (Art. 17), for whoever else finds that it is due.
#pragma once

#include "rights/erase_plan.hpp"

namespace gdpr::rights {

/// Who asked for it comes on the blocklist; of whom only the time is over does not.
enum class Forget { because_they_asked, because_time_is_over };

/// Erases a person as gdpr.forget() does, and returns what was done: nothing where there was nothing left to do, or
/// there is no such person. Needs constraints that are immediate. Whether the caller may is the caller's matter.
std::vector<Line> forget(const subject::Subject &subject, const std::string &reason, Forget why);

} // namespace gdpr::rights
