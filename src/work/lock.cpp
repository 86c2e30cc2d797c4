#include "work/lock.hpp"

#include "pg/error.hpp"

namespace gdpr::work {

Lock::Lock(What what) {
    SET_LOCKTAG_ADVISORY(tag_, MyDatabaseId, 0, 0, static_cast<std::uint16_t>(what));
    taken_ = pg::call([&] { return LockAcquire(&tag_, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL; });
}

Lock::~Lock() {
    // Also on an error, which leaves locks of the session alone.
    if (taken_)
        LockRelease(&tag_, ExclusiveLock, true);
}

} // namespace gdpr::work
