#include "pg/object_access.hpp"

namespace gdpr::pg {

namespace {

constexpr std::size_t kinds = 8, most_rooms = 4;

object_access_hook_type next_object_access = nullptr;
std::array<std::array<ObjectAccess, most_rooms>, kinds> callbacks{}; // by kind; null behind the last

void object_access(ObjectAccessType access, Oid catalog, Oid object, int part, void *argument) {
    if (next_object_access != nullptr)
        next_object_access(access, catalog, object, part, argument);
    for (const ObjectAccess callback : callbacks[access]) {
        if (callback == nullptr)
            return;
        callback(catalog, object, part);
    }
}

} // namespace

void on_object_access(ObjectAccessType access, ObjectAccess callback) {
    static bool hooked = false;
    if (!std::exchange(hooked, true)) {
        next_object_access = object_access_hook;
        object_access_hook = object_access;
    }
    auto &its = callbacks.at(access);
    *std::find(its.begin(), its.end() - 1, nullptr) = callback;
}

} // namespace gdpr::pg
