#include "pg/procedure.hpp"

#include "pg/error.hpp"

namespace gdpr::pg {

Procedure::Procedure(FunctionCallInfo fcinfo, const char *name) : in_flight_(std::uncaught_exceptions()) {
    const Node *context = fcinfo->context;
    if (context == nullptr || !IsA(context, CallContext) || reinterpret_cast<const CallContext *>(context)->atomic)
        raise(ERRCODE_INVALID_TRANSACTION_TERMINATION, std::string(name) + " cannot run in a transaction block",
              "It commits between its steps.", "CALL it by itself, outside of BEGIN and of functions.");
    call([] {
        if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
            elog(ERROR, "SPI_connect failed");
    });
}

Procedure::~Procedure() {
    // While an error travels out, the abort cleans up.
    if (std::uncaught_exceptions() == in_flight_)
        SPI_finish();
}

void Procedure::commit() {
    commit_and([] {});
}

void Procedure::commit_and(const std::function<void()> &step) {
    call([] { SPI_commit(); });
    step();
    call([] { EnsurePortalSnapshotExists(); });
}

} // namespace gdpr::pg
