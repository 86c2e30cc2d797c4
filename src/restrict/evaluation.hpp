// The conditions of a scan that hold the policy's predicate, evaluated without calling it.
#pragma once

#include "restrict/judge.hpp"

namespace gdpr::restriction {

/// What stands for the conditions of one scan. PostgreSQL calls it through its first member.
struct Filter {
    ExprState state;
    ExprState *before, *after; // the other conditions, as the planner ordered them; null where there are none
    Judge *judge;
    std::uint64_t run;     // the executor's, that it was renewed for
    const Keys *keys;      // where a single column decides
    AttrNumber column;     // that column
    ExecProcNodeMtd whole; // how PostgreSQL itself runs the node, where scan_rows() does,
    ExecProcNodeMtd next;  // and how that finds the next row
    int count;             // of the columns
    AttrNumber columns[FLEXIBLE_ARRAY_MEMBER];
};

/// For a filter that is ready otherwise: it is renewed before its first answer.
void start_evaluation(Filter *filter);

/// The executor's run that is under way has this number from now on.
void set_current_run(std::uint64_t run) noexcept;

/// Runs a sequential scan that has no other conditions, where that needs no more than the rows one by one.
TupleTableSlot *scan_rows(PlanState *node);

} // namespace gdpr::restriction
