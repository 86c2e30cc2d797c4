// Purposes of processing, as gdpr.purpose records them.
#pragma once

#include "subject/graph.hpp"

namespace gdpr::consent {

/// Raises where there is no such purpose.
void require_purpose(const std::string &purpose);

/// The purpose's own lawful basis, as its word. Raises where there is no such purpose.
std::string basis_of_purpose(const std::string &purpose);

/// Nobody deletes, renames or changes the purpose before the transaction ends; with `alone`, nor does anybody else lock
/// it. Raises where there is none.
void lock_purpose(const std::string &purpose, bool alone);

/// Raises where there is no such purpose, or its lawful basis for this person is not consent. Nobody deletes or renames
/// it before the transaction ends.
void require_consent_purpose(const subject::Subject &subject, const std::string &purpose);

} // namespace gdpr::consent
