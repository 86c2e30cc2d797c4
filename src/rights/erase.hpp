// Carrying out a plan of erasure.
#pragma once

#include "rights/erase_plan.hpp"

namespace gdpr::rights {

/// Does what the plan says, each statement as the owner of its table, and looks whether it was done: a trigger or rule
/// of the owner's must not keep a row alive unnoticed.
void erase_rows(const ErasePlan &plan, const subject::Collection &collection);

} // namespace gdpr::rights
