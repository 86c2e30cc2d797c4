// COPY FROM into tables under the extension's policies.
#pragma once

#include <optional>
#include <string>

namespace gdpr::restriction {

/// The server's file that the COPY FROM under way reads, if it reads one.
std::optional<std::string> copied_file();

/// Chains ProcessUtility.
void init_copy();

} // namespace gdpr::restriction
