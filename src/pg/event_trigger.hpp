// What an event trigger is told, and what the command it is about names.
#pragma once

#include "pg/error.hpp"
#include "pg/postgres.hpp"

extern "C" {
#include "commands/event_trigger.h"
#include "utils/partcache.h"
}

namespace gdpr::pg {

/// What a function was told that is called as an event trigger; raises where it was not.
inline const EventTriggerData &event_of(FunctionCallInfo fcinfo, const char *function) {
    if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
        raise(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED,
              std::string(function) + " must be called as an event trigger");
    return *reinterpret_cast<const EventTriggerData *>(fcinfo->context);
}

/// The relation that a command names, locked against being dropped. Missing ones, and those that the caller may not
/// reach, are for PostgreSQL to complain about: InvalidOid.
inline Oid named_relation(const RangeVar *name) {
    return name == nullptr ? InvalidOid : call([&] { return RangeVarGetRelid(name, AccessShareLock, true); });
}

/// The same of what SECURITY LABEL names.
inline ObjectAddress named_object(const SecLabelStmt &statement) {
    return call([&] {
        ::Relation relation = nullptr;
        const ObjectAddress found =
            get_object_address(statement.objtype, statement.object, &relation, AccessShareLock, true);
        if (relation != nullptr)
            relation_close(relation, NoLock);
        return found;
    });
}

} // namespace gdpr::pg
