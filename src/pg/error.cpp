#include "pg/error.hpp"

#include <cxxabi.h>
#include <stdexcept>

namespace gdpr::pg {

namespace {

// Our own problem on its way out: moved here inside the catch clause (a move cannot fail), raised after it,
// when no C++ frame with a destructor is left below us.
Problem pending;

// PostgreSQL's error that was raised last. Raising copies it and does not come back, so the next one frees it.
ErrorData *raised = nullptr;

void free_error(ErrorData *data) noexcept {
    if (data != nullptr)
        MemoryContextDelete(GetMemoryChunkContext(data));
}

/// The current error out of PostgreSQL's error stack; null where there is no memory to hold it. It gets a context
/// of its own: unwinding guards delete theirs, and one transaction may see a million errors come and go.
ErrorData *take_error() {
    MemoryContextData *volatile own = nullptr;
    ErrorData *volatile taken = nullptr;
    PG_TRY();
    {
        own = AllocSetContextCreate(TopMemoryContext, "gdpr error", ALLOCSET_SMALL_SIZES);
        MemoryContextSwitchTo(own);
        taken = CopyErrorData();
    }
    PG_CATCH();
    { taken = nullptr; }
    PG_END_TRY();
    FlushErrorState();
    if (taken == nullptr && own != nullptr)
        MemoryContextDelete(own);
    return taken;
}

} // namespace

Error::~Error() { free_error(data_); }

const char *Error::what() const noexcept {
    return data_ != nullptr && data_->message != nullptr ? data_->message : problem_.message.c_str();
}

void raise(int sqlstate, std::string message, std::string detail, std::string hint) {
    throw Error(Problem{sqlstate, std::move(message), std::move(detail), std::move(hint)});
}

void refuse_nulls(FunctionCallInfo fcinfo, std::initializer_list<const char *> names) {
    int at = 0;
    for (const char *name : names)
        if (PG_ARGISNULL(at++))
            raise(ERRCODE_NULL_VALUE_NOT_ALLOWED, std::string(name) + " must not be null");
}

namespace detail {

ErrorData *try_call(void (*step)(void *), void *argument) {
    MemoryContext caller = CurrentMemoryContext;
    ResourceOwner owner = CurrentResourceOwner;
    ErrorData *volatile caught = nullptr;
    volatile bool failed = false;

    PG_TRY();
    { step(argument); }
    PG_CATCH();
    {
        failed = true;
        caught = take_error();
        // Guards close what they opened: under the owner that they opened it under.
        MemoryContextSwitchTo(caller);
        CurrentResourceOwner = owner;
    }
    PG_END_TRY();
    if (failed && caught == nullptr)
        throw std::bad_alloc();
    return caught;
}

void Outcome::capture() noexcept {
    try {
        throw;
    } catch (Error &error) {
        data_ = std::exchange(error.data_, nullptr);
        if (data_ == nullptr)
            pending = std::move(error.problem_);
    } catch (const std::bad_alloc &) {
        sqlstate_ = ERRCODE_OUT_OF_MEMORY;
        message_ = "out of memory";
    } catch (const std::length_error &) {
        sqlstate_ = ERRCODE_PROGRAM_LIMIT_EXCEEDED;
        message_ = "a value inside gdpr is too long";
    } catch (...) {
        // The text of a foreign exception may quote its input, which may be personal: only its type is shown.
        const std::type_info *type = abi::__cxa_current_exception_type();
        type_ = type != nullptr ? type->name() : "";
    }
}

void Outcome::raise() {
    if (data_ != nullptr) {
        free_error(std::exchange(raised, data_));
        ReThrowError(data_);
    }
    if (type_ != nullptr)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("unexpected failure inside gdpr"),
                        errdetail("A C++ exception of type \"%s\" was not handled.", type_)));
    if (message_ != nullptr)
        ereport(ERROR, (errcode(sqlstate_), errmsg("%s", message_)));
    ereport(ERROR, (errcode(pending.sqlstate), errmsg("%s", pending.message.c_str()),
                    pending.detail.empty() ? 0 : errdetail("%s", pending.detail.c_str()),
                    pending.hint.empty() ? 0 : errhint("%s", pending.hint.c_str())));
    pg_unreachable();
}

} // namespace detail
} // namespace gdpr::pg
