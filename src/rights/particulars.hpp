// What a person must be told beside their data (Art. 15(1) and (2)).
#pragma once

#include "rights/format.hpp"
#include "rights/rows.hpp"
#include "subject/collect.hpp"

namespace gdpr::rights {

/// JSON values by name.
using Members = std::map<std::string, std::string>;

/// Purposes and their bases, recipients, retention, categories, consents, source, restrictions, rights: everything that
/// gdpr.access() documents but the rows themselves and when it was made.
Members particulars(const subject::Collection &collection);

/// What was found of the rows as they were read.
class Findings {
  public:
    void add(const Rows &rows);
    /// Adds the members redacted and review.
    void tell(Members &members) const;

  private:
    std::map<std::string, std::set<std::string>> withheld_, unchecked_;
};

} // namespace gdpr::rights
