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
    int count = 0;
    for (const Oid each : arguments_)
        count += OidIsValid(each) ? 1 : 0;
    const Oid schema = get_namespace_oid("gdpr", true);
    id_ = OidIsValid(schema)
              ? GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name_),
                                PointerGetDatum(buildoidvector(arguments_.data(), count)), ObjectIdGetDatum(schema))
              : InvalidOid;
    known_ = true;
}

bool answer_cost(Node *request) noexcept {
    if (!IsA(request, SupportRequestCost))
        return false;
    auto *cost = reinterpret_cast<SupportRequestCost *>(request);
    cost->startup = 0;
    cost->per_tuple = cpu_operator_cost;
    return true;
}

} // namespace gdpr::pg
