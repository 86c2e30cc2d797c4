// The index of records by person: GIN over a keyed hash of the key. A btree would decrypt at every comparison of its
// descent (measured: half of the trigger's time), a hash index walks ever longer chains for one person with many
// records; GIN compares numbers and keeps many records of one number in a tree of their own.
#include "encrypted/value.hpp"
#include "key/key.hpp"
#include "pg/pg.hpp"

using namespace gdpr;

namespace {

// Strategies of the operator class: what stands on the right of the equality.
constexpr StrategyNumber equals_encrypted = 1;

/// The one hash of a text, in palloc'd memory as GIN wants it.
Datum *hash_of(const text *plain) {
    const std::uint64_t hash = DatumGetUInt64(hash_any_extended(
        reinterpret_cast<const unsigned char *>(VARDATA_ANY(plain)), static_cast<int>(VARSIZE_ANY_EXHDR(plain)), 0));
    key::Loaded &key = *pg::boundary([] { return &key::active(key::Use::hash); });
    std::uint64_t keyed = 0;
    if (!key.hash.mac(hash, 0, keyed))
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not hash a value"),
                        errdetail("The cryptographic library failed.")));
    auto *entries = static_cast<Datum *>(palloc(sizeof(Datum)));
    *entries = UInt64GetDatum(keyed);
    return entries;
}

Datum *hash_of_encrypted(FunctionCallInfo fcinfo) {
    encrypted::Opened opened(encrypted::type_of_call(fcinfo, 0), PG_GETARG_DATUM(0));
    Datum *entries = hash_of(DatumGetTextPP(opened.value()));
    opened.release();
    return entries;
}

} // namespace

GDPR_FUNCTION(gdpr_subject_key_entries) {
    *reinterpret_cast<int32 *>(PG_GETARG_POINTER(1)) = 1;
    PG_RETURN_POINTER(hash_of_encrypted(fcinfo));
}

GDPR_FUNCTION(gdpr_subject_key_query) {
    *reinterpret_cast<int32 *>(PG_GETARG_POINTER(1)) = 1;
    PG_RETURN_POINTER(PG_GETARG_UINT16(2) == equals_encrypted ? hash_of_encrypted(fcinfo)
                                                              : hash_of(PG_GETARG_TEXT_PP(0)));
}

GDPR_FUNCTION(gdpr_subject_key_consistent) {
    const auto *found = reinterpret_cast<const bool *>(PG_GETARG_POINTER(0));
    *reinterpret_cast<bool *>(PG_GETARG_POINTER(5)) = true; // two keys may have one hash
    PG_RETURN_BOOL(found[0]);
}
