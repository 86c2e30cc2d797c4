#include "pg/subtransaction.hpp"

namespace gdpr::pg {

bool attempt(int category, const std::function<void()> &step) {
    return attempt([&](const Error &error) { return ERRCODE_TO_CATEGORY(error.sqlstate()) == category; }, step);
}

bool attempt(const std::function<bool(const Error &)> &passes, const std::function<void()> &step) {
    MemoryContext context = CurrentMemoryContext;
    ResourceOwner owner = CurrentResourceOwner;
    call([&] {
        BeginInternalSubTransaction(nullptr);
        MemoryContextSwitchTo(context);
    });

    std::exception_ptr thrown;
    bool expected = false;
    try {
        step();
    } catch (const Error &error) {
        thrown = std::current_exception();
        expected = passes(error);
    } catch (...) {
        thrown = std::current_exception();
    }

    call([&] {
        if (thrown)
            RollbackAndReleaseCurrentSubTransaction();
        else
            ReleaseCurrentSubTransaction();
        MemoryContextSwitchTo(context);
        CurrentResourceOwner = owner;
    });
    if (thrown && !expected)
        std::rethrow_exception(thrown);
    return !thrown;
}

} // namespace gdpr::pg
