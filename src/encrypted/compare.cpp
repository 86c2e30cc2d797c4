// Comparison and hashing by plaintext: decrypt, then ask the plain type's own operator class.
#include "encrypted/value.hpp"
#include "key/key.hpp"
#include "pg/pg.hpp"

using namespace gdpr;
using encrypted::Comparison;
using encrypted::EncryptedType;
using encrypted::Opened;

namespace {

// Which operands are encrypted.
enum class Sides { both, left, right };

// By the type's own order in the collation at hand, or by bytes, as the operator classes for patterns have it.
enum class Order { collated, bytes };

int32 ask(const Comparison &comparison, Oid collation, Datum left, Datum right) {
    return DatumGetInt32(FunctionCall2Coll(comparison.compare, collation, left, right));
}

template <Sides sides, Order by = Order::collated> int32 compare(FunctionCallInfo fcinfo) {
    const Comparison &comparison = encrypted::comparison_of_call(fcinfo);
    const Oid collation = by == Order::bytes ? encrypted::collation_for_bytes(PG_GET_COLLATION()) : PG_GET_COLLATION();
    if constexpr (sides == Sides::both) {
        Opened left(*comparison.types[0], PG_GETARG_DATUM(0));
        Opened right(*comparison.types[1], PG_GETARG_DATUM(1));
        const int32 order = ask(comparison, collation, left.value(), right.value());
        left.release();
        right.release();
        return order;
    } else {
        constexpr int sealed = sides == Sides::left ? 0 : 1;
        Opened opened(*comparison.types[sealed], PG_GETARG_DATUM(sealed));
        const int32 order = sealed == 0 ? ask(comparison, collation, opened.value(), PG_GETARG_DATUM(1))
                                        : ask(comparison, collation, PG_GETARG_DATUM(0), opened.value());
        opened.release();
        return order;
    }
}

/// Texts of a deterministic collation are equal if their bytes are, as in texteq.
bool equal_by_bytes(const Comparison &comparison, Oid collation) {
    return comparison.compare->fn_addr == bttextcmp && collation != InvalidOid && collation < FirstNormalObjectId;
}

/// The size of the plaintext, so far as it can be told without opening or fetching; else -1.
int64 known_size(const EncryptedType *sealed, Datum datum) {
    const auto *value = reinterpret_cast<const struct varlena *>(DatumGetPointer(datum));
    if (VARATT_IS_EXTERNAL(value) || VARATT_IS_COMPRESSED(value))
        return -1;
    const auto size = static_cast<int64>(VARSIZE_ANY_EXHDR(value));
    if (sealed == nullptr)
        return size;
    const bool plainly = size >= static_cast<int64>(encrypted::overhead) &&
                         static_cast<std::uint8_t>(*VARDATA_ANY(value)) == encrypted::current_version;
    return plainly ? size - static_cast<int64>(encrypted::overhead) : -1;
}

/// A plain operand as Opened is a sealed one.
class Given {
  public:
    explicit Given(Datum given) : datum_(given), value_(PointerGetDatum(PG_DETOAST_DATUM_PACKED(given))) {}
    Datum value() const noexcept { return value_; }
    void release() noexcept {
        if (value_ != datum_)
            pfree(DatumGetPointer(value_));
    }

  private:
    Datum datum_, value_;
};

template <class Left, class Right> bool same_bytes(Left left, Right right) {
    const auto *one = reinterpret_cast<const struct varlena *>(DatumGetPointer(left.value()));
    const auto *other = reinterpret_cast<const struct varlena *>(DatumGetPointer(right.value()));
    const std::size_t size = VARSIZE_ANY_EXHDR(one);
    const bool same = size == VARSIZE_ANY_EXHDR(other) && std::memcmp(VARDATA_ANY(one), VARDATA_ANY(other), size) == 0;
    left.release();
    right.release();
    return same;
}

template <Sides sides> bool equal(FunctionCallInfo fcinfo) {
    const Comparison &comparison = encrypted::comparison_of_call(fcinfo);
    if (!equal_by_bytes(comparison, PG_GET_COLLATION()))
        return compare<sides>(fcinfo) == 0;
    const Datum left = PG_GETARG_DATUM(0), right = PG_GETARG_DATUM(1);
    const int64 size = known_size(comparison.types[0], left), other = known_size(comparison.types[1], right);
    if (size >= 0 && other >= 0 && size != other)
        return false;
    if constexpr (sides == Sides::both)
        return same_bytes(Opened(*comparison.types[0], left), Opened(*comparison.types[1], right));
    else if constexpr (sides == Sides::left)
        return same_bytes(Opened(*comparison.types[0], left), Given(right));
    else
        return same_bytes(Given(left), Opened(*comparison.types[1], right));
}

std::uint64_t keyed(std::uint64_t hash, std::uint64_t seed) {
    key::Loaded &key = *pg::boundary([] { return &key::active(key::Use::hash); });
    std::uint64_t out = 0;
    if (!key.hash.mac(hash, seed, out))
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not hash a value"),
                        errdetail("The cryptographic library failed.")));
    return out;
}

std::uint64_t hash_encrypted(FunctionCallInfo fcinfo, std::uint64_t seed) {
    const EncryptedType &type = encrypted::type_of_call(fcinfo, 0);
    if (!OidIsValid(type.hash.fn_oid))
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_FUNCTION), errmsg("type %s has no hash", format_type_be(type.plain))));
    Opened opened(type, PG_GETARG_DATUM(0), encrypted::Use::hashed);
    const Datum hash = FunctionCall2Coll(&type.hash, PG_GET_COLLATION(), opened.value(), Int64GetDatum(0));
    opened.release();
    return keyed(DatumGetUInt64(hash), seed);
}

/// The same hash of a plain value, so that a plain and an encrypted column can meet in a hash join.
std::uint64_t hash_plain(FunctionCallInfo fcinfo, std::uint64_t seed) {
    auto *cache = static_cast<TypeCacheEntry *>(fcinfo->flinfo->fn_extra);
    if (cache == nullptr) {
        Oid *arguments;
        int count;
        (void)get_func_signature(fcinfo->flinfo->fn_oid, &arguments, &count);
        cache = lookup_type_cache(arguments[0], TYPECACHE_HASH_EXTENDED_PROC_FINFO);
        if (!OidIsValid(cache->hash_extended_proc_finfo.fn_oid))
            ereport(ERROR,
                    (errcode(ERRCODE_UNDEFINED_FUNCTION), errmsg("type %s has no hash", format_type_be(arguments[0]))));
        fcinfo->flinfo->fn_extra = cache;
    }
    const Datum hash =
        FunctionCall2Coll(&cache->hash_extended_proc_finfo, PG_GET_COLLATION(), PG_GETARG_DATUM(0), Int64GetDatum(0));
    return keyed(DatumGetUInt64(hash), seed);
}

} // namespace

Oid encrypted::collation_for_bytes(Oid collation) {
    // Asked at each comparison; those that come with PostgreSQL are all deterministic.
    if (collation >= FirstNormalObjectId && !get_collation_isdeterministic(collation))
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("nondeterministic collations are not supported for pattern operator classes")));
    return C_COLLATION_OID;
}

// The SQL functions: for each pairing of sides, the btree order and the six operators.
#define GDPR_COMPARISON(suffix, sides)                                                                                 \
    GDPR_FUNCTION(gdpr_compare_##suffix) { PG_RETURN_INT32(compare<sides>(fcinfo)); }                                  \
    GDPR_FUNCTION(gdpr_lt_##suffix) { PG_RETURN_BOOL(compare<sides>(fcinfo) < 0); }                                    \
    GDPR_FUNCTION(gdpr_le_##suffix) { PG_RETURN_BOOL(compare<sides>(fcinfo) <= 0); }                                   \
    GDPR_FUNCTION(gdpr_eq_##suffix) { PG_RETURN_BOOL(equal<sides>(fcinfo)); }                                          \
    GDPR_FUNCTION(gdpr_ge_##suffix) { PG_RETURN_BOOL(compare<sides>(fcinfo) >= 0); }                                   \
    GDPR_FUNCTION(gdpr_gt_##suffix) { PG_RETURN_BOOL(compare<sides>(fcinfo) > 0); }                                    \
    GDPR_FUNCTION(gdpr_ne_##suffix) { PG_RETURN_BOOL(!equal<sides>(fcinfo)); }

GDPR_COMPARISON(both, Sides::both)
GDPR_COMPARISON(left, Sides::left)
GDPR_COMPARISON(right, Sides::right)

GDPR_FUNCTION(gdpr_smaller) { return compare<Sides::both>(fcinfo) <= 0 ? PG_GETARG_DATUM(0) : PG_GETARG_DATUM(1); }
GDPR_FUNCTION(gdpr_larger) { return compare<Sides::both>(fcinfo) >= 0 ? PG_GETARG_DATUM(0) : PG_GETARG_DATUM(1); }

#define GDPR_PATTERN_COMPARISON(side)                                                                                  \
    GDPR_FUNCTION(gdpr_pattern_compare_##side) { PG_RETURN_INT32((compare<Sides::side, Order::bytes>(fcinfo))); }      \
    GDPR_FUNCTION(gdpr_pattern_lt_##side) { PG_RETURN_BOOL((compare<Sides::side, Order::bytes>(fcinfo)) < 0); }        \
    GDPR_FUNCTION(gdpr_pattern_le_##side) { PG_RETURN_BOOL((compare<Sides::side, Order::bytes>(fcinfo)) <= 0); }       \
    GDPR_FUNCTION(gdpr_pattern_ge_##side) { PG_RETURN_BOOL((compare<Sides::side, Order::bytes>(fcinfo)) >= 0); }       \
    GDPR_FUNCTION(gdpr_pattern_gt_##side) { PG_RETURN_BOOL((compare<Sides::side, Order::bytes>(fcinfo)) > 0); }

GDPR_PATTERN_COMPARISON(both)
GDPR_PATTERN_COMPARISON(left)
GDPR_PATTERN_COMPARISON(right)

GDPR_FUNCTION(gdpr_hash) { PG_RETURN_INT32(static_cast<int32>(hash_encrypted(fcinfo, 0))); }
GDPR_FUNCTION(gdpr_hash_extended) {
    PG_RETURN_INT64(static_cast<int64>(hash_encrypted(fcinfo, static_cast<std::uint64_t>(PG_GETARG_INT64(1)))));
}
GDPR_FUNCTION(gdpr_hash_plain) { PG_RETURN_INT32(static_cast<int32>(hash_plain(fcinfo, 0))); }
GDPR_FUNCTION(gdpr_hash_plain_extended) {
    PG_RETURN_INT64(static_cast<int64>(hash_plain(fcinfo, static_cast<std::uint64_t>(PG_GETARG_INT64(1)))));
}
