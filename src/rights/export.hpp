// A person's data as files.
#pragma once

#include "rights/format.hpp"
#include "rights/seal.hpp"
#include "subject/graph.hpp"

namespace gdpr::rights {

enum class Scope { portability, access };

/// Takes a file; what it is given is gone when it returns.
using Sink = std::function<void(const std::string &name, const pg::Param &content)>;

/// Hands out the files of gdpr.export() one after the other, and records the export in the audit log. Raises where
/// there is no such person.
void export_files(const subject::Subject &subject, const Format &format, Scope scope, const Seal &seal,
                  const Sink &sink);

} // namespace gdpr::rights
