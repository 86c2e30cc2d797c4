// Where statements pass: planned in their gated form, and executed only if they were.
#pragma once

#include "gate/rewrite.hpp"

namespace gdpr::gate {

/// While one lives, what is gated in the statements that are planned is noted.
class Notes {
  public:
    Notes() noexcept;
    ~Notes();
    Notes(const Notes &) = delete;
    Notes &operator=(const Notes &) = delete;

    const std::vector<Gated> &gated() const noexcept { return gated_; }

  private:
    std::vector<Gated> gated_;
    std::vector<Gated> *outer_;
};

/// Is a statement of gated roles being planned, which has passed here?
bool planning_gated() noexcept;

/// And was it rewritten, not one of the extension's own or a constraint's?
bool planning_gated_form() noexcept;

/// Are the roles of the session gated at all, as far as is known without looking anything up?
bool perhaps_gated() noexcept;

/// Raises where a plan reads gated columns and was not made for the roles that would read it now.
void require_plan_for(const PlannedStmt *plan);

/// Would it?
bool reads_ungated(const PlannedStmt *plan);

/// Raises that a plan was not made for the roles that would run it.
[[noreturn]] void refuse_ungated_plan();

void init_planner();

} // namespace gdpr::gate
