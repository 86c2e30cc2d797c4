// Lawful bases (Art. 6): of a purpose, of all people of a table, of one person.
#pragma once

#include "subject/graph.hpp"

namespace gdpr::consent {

/// The basis on which a person is processed for a purpose, as its word: theirs, else their table's, else the purpose's
/// own. Of a table, without a key. Raises where there is no such purpose.
std::string basis_of(const subject::Subject &subject, const std::string &purpose);

} // namespace gdpr::consent
