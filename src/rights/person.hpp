// Whom a right is exercised for, and what may stand in an answer to them.
#pragma once

#include "pg/equality.hpp"
#include "pg/postgres.hpp"
#include "subject/collect.hpp"

namespace gdpr::rights {

/// The person that the arguments of a right name, the key canonical. Types of a key may carry code of the table's
/// owner (a domain's CHECK), so it runs as the owner.
subject::Subject person(Oid table, Datum key);

/// What belongs to a person, as person() names them; raises no_data_found where they do not exist.
subject::Collection collect(const subject::Subject &subject);

/// The same with all other rows of subject tables that are the same person.
subject::Collection collect_person(const subject::Subject &subject);

/// The plain type that values of a column travel as: of an encrypted type, or of a domain over one, the plain type.
Oid travelling_type(Oid type);

/// See pg::equality.
using pg::equality;

/// A text as a value of the type, by the type's own input; raises as that does. A ciphertext literal is never taken:
/// the owner of a table may be someone who can load them, an officer is not.
Datum input_value(Oid type, std::int32_t typmod, const std::string &text);

} // namespace gdpr::rights
