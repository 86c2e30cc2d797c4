#include "pg/transaction.hpp"

namespace gdpr::pg {

namespace {

AtTransactionEnd *first = nullptr;
AtTransactionEnd *last = nullptr;

bool ends(XactEvent event) noexcept {
    switch (event) {
    case XACT_EVENT_COMMIT:
    case XACT_EVENT_PARALLEL_COMMIT:
    case XACT_EVENT_ABORT:
    case XACT_EVENT_PARALLEL_ABORT:
    case XACT_EVENT_PREPARE:
        return true;
    default:
        return false;
    }
}

} // namespace

/// What is armed by one that is called comes after it.
void AtTransactionEnd::append() noexcept {
    armed_ = true;
    next_ = nullptr;
    (last != nullptr ? last->next_ : first) = this;
    last = this;
}

void AtTransactionEnd::run(XactEvent event, void *) {
    if (first == nullptr)
        return;
    for (AtTransactionEnd *each = first; each != nullptr; each = each->next_)
        each->callback_(event);
    if (!ends(event))
        return;
    for (AtTransactionEnd *each = std::exchange(first, nullptr); each != nullptr; each = each->next_)
        each->armed_ = false;
    last = nullptr;
}

void init_transactions() { RegisterXactCallback(AtTransactionEnd::run, nullptr); }

} // namespace gdpr::pg
