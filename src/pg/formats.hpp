// The text form of a value, the same in every session.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

/// While one lives, values are written and read in one form, whatever the session has set: ISO dates, UTC, hex bytea.
class PinnedFormats {
  public:
    PinnedFormats();
    ~PinnedFormats();
    PinnedFormats(const PinnedFormats &) = delete;
    PinnedFormats &operator=(const PinnedFormats &) = delete;

  private:
    int level_;
    int in_flight_;
};

/// Does the text form of a type's values depend on the session's settings?
bool depends_on_formats(Oid type);

} // namespace gdpr::pg
