// What of a person's data is theirs to take along (Art. 20(1)).
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::rights {

/// Data that the person provided, processed by consent or for a contract. Labels and gdpr.purpose decide: what is
/// labelled derived, or generated from other columns, was not provided; what is labelled with purposes must have one on
/// either basis. Where no purpose is named, or one that gdpr.purpose does not have, the person gets it.
class Portability {
  public:
    Portability();

    /// The columns of a relation that are outside of it, unquoted.
    std::set<std::string> omitted(Oid relation) const;

  private:
    bool covered(const std::vector<std::string> &purposes) const;

    std::map<std::string, bool> purposes_; // by name: on consent or contract?
};

} // namespace gdpr::rights
