#include "pg/function.hpp"

namespace gdpr::pg {

void OwnFunction::changed(Datum function, int, uint32) noexcept {
    reinterpret_cast<OwnFunction *>(DatumGetPointer(function))->known_ = false;
}

void OwnFunction::find() {
    if (!watched_) {
        CacheRegisterSyscacheCallback(PROCOID, changed, PointerGetDatum(this));
        watched_ = true;
    }
    const Oid schema = get_namespace_oid("gdpr", true);
    id_ = OidIsValid(schema)
              ? GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name_),
                                PointerGetDatum(buildoidvector(&argument_, OidIsValid(argument_) ? 1 : 0)),
                                ObjectIdGetDatum(schema))
              : InvalidOid;
    known_ = true;
}

} // namespace gdpr::pg
