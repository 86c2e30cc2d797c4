// A function of gdpr that is looked for in plans: found once, and again when functions change.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

class OwnFunction {
  public:
    /// By name, and by the types of its one or two arguments if it has any.
    constexpr explicit OwnFunction(const char *name, Oid first = InvalidOid, Oid second = InvalidOid)
        : name_(name), arguments_{first, second} {}

    /// InvalidOid where the extension is not there. Raises as PostgreSQL does.
    Oid id() {
        if (!known_)
            find();
        return id_;
    }

    const char *name() const noexcept { return name_; }

    /// As id() found it last; raises nothing.
    Oid found() const noexcept { return id_; }

  private:
    void find();
    static void changed(Datum function, int cache, uint32 hash) noexcept;

    const char *name_;
    std::array<Oid, 2> arguments_;
    Oid id_ = InvalidOid;
    bool known_ = false, watched_ = false;
};

/// A support function's answer to the planner that asks what its function costs: no more than an operator. False: it
/// has asked something else.
bool answer_cost(Node *request) noexcept;

} // namespace gdpr::pg
