// Integrity at a gated role's writes: foreign keys keep working, and their errors tell nothing of other rows.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::gate {

/// Is this one of the statements by which PostgreSQL's own triggers keep foreign keys? They compare and change rows
/// for the constraint's sake and return nothing of them.
bool keeps_integrity(const Query *query);

/// Does the plan write to a relation with columns that the roles of the session do not see?
bool writes_to_gated(const PlannedStmt *plan);

/// Takes out of an error what it quotes of rows: "Failing row contains (…)", "Key (…)=(…) already exists".
void make_discreet(ErrorData *error);

/// What remains as it was, for the log's hook.
void keep_as_is(const ErrorData *error);

/// Runs a step whose errors of integrity would quote rows.
template <typename Step> void with_discreet_errors(bool hides, Step step) {
    MemoryContext before = CurrentMemoryContext;
    PG_TRY();
    { step(); }
    PG_CATCH();
    {
        MemoryContextSwitchTo(before);
        ErrorData *error = CopyErrorData();
        FlushErrorState();
        if (hides)
            make_discreet(error);
        else
            keep_as_is(error);
        ReThrowError(error);
    }
    PG_END_TRY();
}

void init_integrity();

} // namespace gdpr::gate
