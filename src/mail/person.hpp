// Where a person is written to.
#pragma once

#include "subject/graph.hpp"

namespace gdpr::mail {

/// The e-mail addresses in the person's identifier columns, bare. Raises no_data_found where there is no such person.
std::set<std::string> addresses_of(const subject::Subject &subject);

/// The one among them; raises where there is none, or several.
std::string address_of(const subject::Subject &subject);

} // namespace gdpr::mail
