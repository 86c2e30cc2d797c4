#include "pg/object_access.hpp"

namespace gdpr::pg {

namespace {

object_access_hook_type next_object_access = nullptr;
std::vector<std::pair<ObjectAccessType, ObjectAccess>> *callbacks = nullptr;

void object_access(ObjectAccessType access, Oid catalog, Oid object, int part, void *argument) {
    if (next_object_access != nullptr)
        next_object_access(access, catalog, object, part, argument);
    for (const auto &[wanted, callback] : *callbacks)
        if (wanted == access)
            callback(catalog, object, part);
}

} // namespace

void on_object_access(ObjectAccessType access, ObjectAccess callback) {
    if (callbacks == nullptr) {
        callbacks = new std::vector<std::pair<ObjectAccessType, ObjectAccess>>;
        next_object_access = object_access_hook;
        object_access_hook = object_access;
    }
    callbacks->emplace_back(access, callback);
}

} // namespace gdpr::pg
