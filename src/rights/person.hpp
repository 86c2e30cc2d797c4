// Whom a right is exercised for, and what may stand in an answer to them.
#pragma once

#include "encrypted/type.hpp"
#include "pg/equality.hpp"
#include "pg/postgres.hpp"
#include "subject/collect.hpp"

namespace gdpr::rights {

/// What belongs to a person; raises no_data_found where they do not exist.
subject::Collection collect(const subject::Subject &subject);

/// The same with all other rows of subject tables that are the same person.
subject::Collection collect_person(const subject::Subject &subject);

/// See encrypted::travelling_type.
using encrypted::travelling_type;

/// See pg::equality.
using pg::equality;

/// A text as a value of the type, by the type's own input; raises as that does. A ciphertext literal is never taken:
/// the owner of a table may be someone who can load them, an officer is not.
Datum input_value(Oid type, std::int32_t typmod, const std::string &text);

} // namespace gdpr::rights
