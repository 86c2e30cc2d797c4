// The error boundary. PostgreSQL raises by longjmp, C++ by exception; neither may cross the other's frames.
//
//   pg::call(f)      C++ calling PostgreSQL: an ERROR inside f arrives as pg::Error, with all its fields.
//   pg::boundary(f)  PostgreSQL calling C++: any exception leaves as an ERROR once every C++ frame is gone.
//
// A caught pg::Error must always travel on to a boundary, or the subtransaction that it doomed be rolled back: until
// then locks, SPI and the current user are as the error left them. So a guard that finds itself unwound by an
// exception leaves to the abort what the abort restores.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

namespace detail {

/// What a boundary carries out of its catch clauses; the raise itself happens outside them, when no C++ object is
/// left whose destructor it would skip. Hence it has none either.
class Outcome {
  public:
    void capture() noexcept;
    [[noreturn]] void raise();

  private:
    ErrorData *data_ = nullptr;  // PostgreSQL's error, or
    const char *type_ = nullptr; // that of an exception which is not ours, or
    int sqlstate_ = 0;           // one in our own words
    const char *message_ = nullptr;
};

} // namespace detail

/// What is wrong, in PostgreSQL's terms. Never put personal data or key material in any of the texts.
struct Problem {
    int sqlstate = ERRCODE_INTERNAL_ERROR;
    std::string message;
    std::string detail;
    std::string hint;
};

class Error : public std::exception {
  public:
    explicit Error(Problem problem) : problem_(std::move(problem)) {}
    /// Takes over PostgreSQL's error, which lies in a memory context of its own.
    explicit Error(ErrorData *data) noexcept : data_(data) {}
    Error(Error &&other) noexcept : problem_(std::move(other.problem_)), data_(std::exchange(other.data_, nullptr)) {}
    ~Error() override;

    const char *what() const noexcept override;
    int sqlstate() const noexcept { return data_ != nullptr ? data_->sqlerrcode : problem_.sqlstate; }

    /// PostgreSQL's error; null where it is one of ours. It remains this object's.
    ErrorData *data() noexcept { return data_; }
    const ErrorData *data() const noexcept { return data_; }

  private:
    friend class detail::Outcome;
    Problem problem_;
    ErrorData *data_ = nullptr;
};

/// Raise our own error from C++ code.
[[noreturn]] void raise(int sqlstate, std::string message, std::string detail = {}, std::string hint = {});

/// Raises where one of a function's first arguments, which are called so, is null: it must not silently do nothing.
void refuse_nulls(FunctionCallInfo fcinfo, std::initializer_list<const char *> names);

namespace detail {

/// Runs `step(argument)` under PG_TRY; returns the copied error, or null.
ErrorData *try_call(void (*step)(void *), void *argument);

} // namespace detail

template <typename Step> auto call(Step &&step) -> std::invoke_result_t<Step &> {
    using Result = std::invoke_result_t<Step &>;
    using Stored = std::conditional_t<std::is_void_v<Result>, char, Result>;
    static_assert(std::is_trivially_destructible_v<Stored>, "a longjmp would skip its destructor");

    struct Frame {
        std::remove_reference_t<Step> *step;
        Stored result;
        std::exception_ptr thrown;
    } frame{&step, Stored{}, nullptr};
    MemoryContext caller = CurrentMemoryContext;

    ErrorData *failed = detail::try_call(
        [](void *argument) {
            auto *inner = static_cast<Frame *>(argument);
            try {
                if constexpr (std::is_void_v<Result>)
                    (*inner->step)();
                else
                    inner->result = (*inner->step)();
            } catch (...) {
                inner->thrown = std::current_exception();
            }
        },
        &frame);
    if (failed != nullptr)
        throw Error(failed);
    if (frame.thrown) {
        MemoryContextSwitchTo(caller);
        std::rethrow_exception(frame.thrown);
    }
    if constexpr (!std::is_void_v<Result>)
        return frame.result;
}

template <typename Body> auto boundary(Body &&body) -> std::invoke_result_t<Body &> {
    detail::Outcome outcome;
    try {
        return body();
    } catch (...) {
        outcome.capture();
    }
    outcome.raise();
}

} // namespace gdpr::pg

/// Defines an SQL-callable C function whose body runs inside the boundary.
#define GDPR_FUNCTION(name)                                                                                            \
    static Datum name##_body(FunctionCallInfo fcinfo);                                                                 \
    extern "C" {                                                                                                       \
    PGDLLEXPORT Datum name(PG_FUNCTION_ARGS);                                                                          \
    PG_FUNCTION_INFO_V1(name);                                                                                         \
    Datum name(PG_FUNCTION_ARGS) {                                                                                     \
        return gdpr::pg::boundary([fcinfo] { return name##_body(fcinfo); });                                           \
    }                                                                                                                  \
    }                                                                                                                  \
    static Datum name##_body([[maybe_unused]] FunctionCallInfo fcinfo)
