// A function of gdpr that is looked for in plans: found once, and again when functions change.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

class OwnFunction {
  public:
    /// By name, and by the type of its only argument if it has one.
    constexpr explicit OwnFunction(const char *name, Oid argument = InvalidOid) : name_(name), argument_(argument) {}

    /// InvalidOid where the extension is not there. Raises as PostgreSQL does.
    Oid id() {
        if (!known_)
            find();
        return id_;
    }

    /// As id() found it last; raises nothing.
    Oid found() const noexcept { return id_; }

  private:
    void find();
    static void changed(Datum function, int cache, uint32 hash) noexcept;

    const char *name_;
    Oid argument_, id_ = InvalidOid;
    bool known_ = false, watched_ = false;
};

} // namespace gdpr::pg
