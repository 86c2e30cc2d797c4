// Up to PostgreSQL 17 a trigger runs as whoever's statement ends. Since 18 it runs as who queued it, which for what a
// foreign key cascades is the owner of the table: the log would name the owner for what an application did. So there
// the statement that ends is remembered.
#include "audit/actor.hpp"

#include "pg/pg.hpp"

namespace gdpr::audit {

#if PG_VERSION_NUM >= 180000

namespace {

ExecutorFinish_hook_type next_finish = nullptr;
Oid ending = InvalidOid;

class Ending {
  public:
    Ending() noexcept : outer_(std::exchange(ending, GetUserId())) {}
    ~Ending() { ending = outer_; }
    Ending(const Ending &) = delete;
    Ending &operator=(const Ending &) = delete;

  private:
    Oid outer_;
};

void finish(QueryDesc *query) {
    const auto next = next_finish != nullptr ? next_finish : standard_ExecutorFinish;
    if (query->operation == CMD_SELECT && !query->plannedstmt->hasModifyingCTE)
        return next(query);
    pg::boundary([&] {
        const Ending now;
        pg::call([&] { next(query); });
    });
}

} // namespace

Oid changing_role() { return !pg::in_owner_scope() && OidIsValid(ending) ? ending : pg::acting_user(); }

void init_actor() {
    next_finish = ExecutorFinish_hook;
    ExecutorFinish_hook = finish;
}

#else

Oid changing_role() { return pg::acting_user(); }

void init_actor() {}

#endif

} // namespace gdpr::audit
