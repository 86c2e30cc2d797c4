#include "work/step.hpp"

#include "pg/pg.hpp"

namespace gdpr::work {

namespace {

/// Errors of others may quote data: of these the SQLSTATE alone is kept.
std::string told(const pg::Error &error) {
    return error.data() == nullptr ? error.what() : "SQLSTATE " + std::string(unpack_sql_state(error.sqlstate()));
}

bool stops_all(const pg::Error &error) {
    return error.sqlstate() == ERRCODE_QUERY_CANCELED ||
           ERRCODE_TO_CATEGORY(error.sqlstate()) == ERRCODE_OPERATOR_INTERVENTION;
}

} // namespace

std::optional<Failure> step(const std::function<void()> &step) {
    MemoryContext context = CurrentMemoryContext;
    ResourceOwner owner = CurrentResourceOwner;
    pg::call([&] {
        BeginInternalSubTransaction(nullptr);
        MemoryContextSwitchTo(context);
    });
    std::exception_ptr stopping;
    std::optional<Failure> failure;
    try {
        const pg::TemporaryContext scratch("gdpr due work");
        const pg::OwnerScope scope(pg::gdpr_relation("work_run"));
        step();
    } catch (const pg::Error &error) {
        failure = Failure{error.sqlstate(), told(error)};
        if (stops_all(error))
            stopping = std::current_exception();
    } catch (...) {
        stopping = std::current_exception();
    }
    if (stopping)
        std::rethrow_exception(stopping);
    pg::call([&] {
        if (failure)
            RollbackAndReleaseCurrentSubTransaction();
        else
            ReleaseCurrentSubTransaction();
        MemoryContextSwitchTo(context);
        CurrentResourceOwner = owner;
    });
    return failure;
}

} // namespace gdpr::work
