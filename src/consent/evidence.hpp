// What a consent is proven by.
#pragma once

#include "pg/spi.hpp"

namespace gdpr::consent {

/// Raises where it proves nothing: no object, or of a consent no wording; or where a known member is not what it should
/// be. Never says what stands there.
void require_evidence(Jsonb *evidence, bool with_wording);

/// Raises where the purpose is offered to children, and age or parent are missing (Art. 8), and where the consent would
/// have lapsed already. Returns until when the evidence says that it is good, a timestamptz or null.
pg::Param require_terms(Jsonb *evidence, const std::string &purpose);

} // namespace gdpr::consent
