// COPY FROM into tables under the extension's policies.
#pragma once

namespace gdpr::restriction {

/// Chains ProcessUtility.
void init_copy();

} // namespace gdpr::restriction
