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
    auto *flat = call([&] { return reinterpret_cast<struct varlena *>(PG_DETOAST_DATUM_PACKED(value)); });
    std::string result(VARDATA_ANY(flat), VARSIZE_ANY_EXHDR(flat));
    if (flat != reinterpret_cast<struct varlena *>(DatumGetPointer(value)))
        pfree(flat);
    return result;
}

} // namespace gdpr::pg
