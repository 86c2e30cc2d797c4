#include "pg/memory.hpp"

#include "pg/error.hpp"

namespace gdpr::pg {

TemporaryContext::TemporaryContext(const char *name)
    : context_(call([&] { return AllocSetContextCreateInternal(CurrentMemoryContext, name, ALLOCSET_DEFAULT_SIZES); })),
      previous_(MemoryContextSwitchTo(context_)) {}

TemporaryContext::~TemporaryContext() {
    MemoryContextSwitchTo(previous_);
    MemoryContextDelete(context_);
}

Datum text_datum(std::string_view value) {
    return call(
        [&] { return PointerGetDatum(cstring_to_text_with_len(value.data(), static_cast<int>(value.size()))); });
}

std::string to_string(Datum value) {
    char *copy = call([&] { return text_to_cstring(DatumGetTextPP(value)); });
    std::string result(copy);
    pfree(copy);
    return result;
}

} // namespace gdpr::pg
