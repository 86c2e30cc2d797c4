// Purposes of processing, as gdpr.purpose records them.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::consent {

/// Raises where there is no such purpose.
void require_purpose(const std::string &purpose);

/// Raises where there is no such purpose, or its lawful basis is not consent. Nobody deletes or renames it before the
/// transaction ends.
void require_consent_purpose(const std::string &purpose);

} // namespace gdpr::consent
