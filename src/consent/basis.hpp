// Lawful bases (Art. 6): of a purpose, of all people of a table, of one person.
#pragma once

#include "subject/graph.hpp"

namespace gdpr::consent {

/// The basis on which a person is processed for a purpose, as its word: theirs, else their table's, else the purpose's
/// own. Of a table, without a key. Raises where there is no such purpose.
std::string basis_of(const subject::Subject &subject, const std::string &purpose);

/// Raises where the purpose has columns of special categories of data (Art. 9) by labels; called where it names no
/// condition to process them, nor asks for consent.
void refuse_sensitive_data(const std::string &purpose);

} // namespace gdpr::consent
