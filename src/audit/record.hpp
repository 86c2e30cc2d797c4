// Writing records: below SQL, straight into gdpr.audit_record.
#pragma once

#include "pg/postgres.hpp"
#include "subject/graph.hpp"

namespace gdpr::audit {

/// What one record, or several people's records of one change, say. The rest is the session's.
struct Record {
    Oid relation = InvalidOid; // the labelled one
    const char *operation = "";
    ArrayType *changed = nullptr; // text[]
    Jsonb *content = nullptr;     // not sealed yet
    Oid role = InvalidOid;        // who did it; none: who acts now
};

/// One record for each person, all with one id; one that names nobody where there are none. Where a person has no
/// key, theirs is left out.
void write(const Record &record, const std::vector<subject::Subject> &people);

/// Are changes recorded without their values now?
bool without_values() noexcept;

/// Is the subject being erased, so that no key of theirs is recorded?
bool nameless(const subject::Subject &subject) noexcept;

void init_records();

} // namespace gdpr::audit
