// Numbers of the extension's own sequences.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

/// The last value of a sequence, read as a row: no privilege is asked for.
std::int64_t last_value(Oid sequence);

/// The first of so many further numbers of a sequence that goes up by one, whatever becomes of the transaction. Unlike
/// nextval() it leaves the session's lastval() alone: that is the application's, whose statements these numbers serve.
std::int64_t take_values(Oid sequence, std::int64_t count = 1);

} // namespace gdpr::pg
