// Memory contexts as guards.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

/// Allocates in another context for as long as it lives.
class ContextScope {
  public:
    explicit ContextScope(MemoryContext target) noexcept : previous_(MemoryContextSwitchTo(target)) {}
    ~ContextScope() { MemoryContextSwitchTo(previous_); }
    ContextScope(const ContextScope &) = delete;
    ContextScope &operator=(const ContextScope &) = delete;

  private:
    MemoryContext previous_;
};

/// A context of its own, gone with the guard. Nothing allocated in it may be returned.
class TemporaryContext {
  public:
    explicit TemporaryContext(const char *name);
    ~TemporaryContext();
    TemporaryContext(const TemporaryContext &) = delete;
    TemporaryContext &operator=(const TemporaryContext &) = delete;

    /// Frees what was allocated so far, between two rounds of a loop.
    void reset() noexcept { MemoryContextReset(context_); }

  private:
    MemoryContext context_;
    MemoryContext previous_;
};

/// Copies a C++ string into the current memory context, as PostgreSQL's text.
Datum text_datum(std::string_view value);

/// The bytes of a text or bytea datum as a C++ string.
std::string to_string(Datum value);

} // namespace gdpr::pg
