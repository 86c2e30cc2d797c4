#include "pg/error.hpp"

namespace gdpr::pg {

namespace {

// Our own problem on its way out: moved here inside the catch clause (a move cannot fail), raised after it,
// when no C++ frame with a destructor is left below us.
Problem pending;

} // namespace

const char *Error::what() const noexcept {
    return data_ != nullptr && data_->message != nullptr ? data_->message : problem_.message.c_str();
}

void raise(int sqlstate, std::string message, std::string detail, std::string hint) {
    throw Error(Problem{sqlstate, std::move(message), std::move(detail), std::move(hint)});
}

namespace detail {

ErrorData *try_call(void (*step)(void *), void *argument) {
    MemoryContext caller = CurrentMemoryContext;
    ErrorData *volatile caught = nullptr;

    PG_TRY();
    { step(argument); }
    PG_CATCH();
    {
        // The copy must outlive any context that an unwinding C++ guard deletes on the way to the boundary.
        MemoryContextSwitchTo(TopTransactionContext != nullptr ? TopTransactionContext : TopMemoryContext);
        caught = CopyErrorData();
        FlushErrorState();
        MemoryContextSwitchTo(caller);
    }
    PG_END_TRY();
    return caught;
}

void Outcome::capture() noexcept {
    try {
        throw;
    } catch (Error &error) {
        data_ = error.data();
        if (data_ == nullptr)
            pending = error.take_problem();
    } catch (const std::bad_alloc &) {
        pending = Problem{ERRCODE_OUT_OF_MEMORY, "out of memory", "", ""};
    } catch (const std::exception &) {
        // The text of a foreign exception may quote its input, which may be personal: it is not shown.
        pending = Problem{ERRCODE_INTERNAL_ERROR, "unexpected failure inside gdpr", "", ""};
    } catch (...) {
        pending = Problem{ERRCODE_INTERNAL_ERROR, "unexpected failure inside gdpr", "", ""};
    }
}

void Outcome::raise() {
    if (data_ != nullptr)
        ReThrowError(data_);
    ereport(ERROR, (errcode(pending.sqlstate), errmsg("%s", pending.message.c_str()),
                    pending.detail.empty() ? 0 : errdetail("%s", pending.detail.c_str()),
                    pending.hint.empty() ? 0 : errhint("%s", pending.hint.c_str())));
    pg_unreachable();
}

} // namespace detail
} // namespace gdpr::pg
