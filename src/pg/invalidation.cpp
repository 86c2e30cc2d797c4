#include "pg/invalidation.hpp"

namespace gdpr::pg {

namespace {

std::vector<void (*)(Oid)> callbacks;

void relation_changed(Datum, Oid relation) {
    for (const auto callback : callbacks)
        callback(relation);
}

} // namespace

void on_relation_change(void (*callback)(Oid)) {
    if (callbacks.empty())
        CacheRegisterRelcacheCallback(relation_changed, 0);
    callbacks.push_back(callback);
}

} // namespace gdpr::pg
