// gdpr.masked(): what stands for a value in a channel that sees its shape alone. Of the same type; null where the type
// has no shape that could be kept, or the domain accepts none of what we have.
#include "encrypted/value.hpp"
#include "gate/shape.hpp"
#include "pg/dates.hpp"
#include "pg/pg.hpp"

#include <cmath>

namespace gdpr::gate {

namespace {

using Masked = std::optional<Datum>;

/// The domain that a value is of, with its constraints.
class Domain {
  public:
    Domain(Oid type, MemoryContext context) {
        pg::call([&] {
            reference_ =
                static_cast<DomainConstraintRef *>(MemoryContextAllocZero(context, sizeof(DomainConstraintRef)));
            InitDomainConstraintRef(type, reference_, context, true);
            // It and what hangs from it outlive the row at hand.
            const MemoryContext row = MemoryContextSwitchTo(context);
            expressions_ = CreateStandaloneExprContext();
            MemoryContextSwitchTo(row);
        });
    }

    bool accepts(Datum value) {
        return pg::call([&] {
            UpdateDomainConstraintRef(reference_);
            bool accepted = true;
            ListCell *cell;
            foreach (cell, reference_->constraints) {
                auto *constraint = static_cast<DomainConstraintState *>(lfirst(cell));
                if (constraint->constrainttype != DOM_CONSTRAINT_CHECK)
                    continue;
                expressions_->domainValue_datum = value;
                expressions_->domainValue_isNull = false;
                accepted = accepted && ExecCheck(constraint->check_exprstate, expressions_);
            }
            ResetExprContext(expressions_);
            return accepted;
        });
    }

  private:
    DomainConstraintRef *reference_ = nullptr;
    ExprContext *expressions_ = nullptr;
};

bool is_text(Oid type) {
    return type == BPCHAROID || pg::call([&] { return IsBinaryCoercible(type, TEXTOID); });
}

/// What an array is made of, where that has a shape of its own.
struct ArrayShape {
    Oid element = InvalidOid;
    bool text = false;
    int16 length = 0;
    bool by_value = false;
    char alignment = '\0';
};

/// What one place in a running plan knows.
struct Site {
    const encrypted::EncryptedType *sealed = nullptr;
    Oid base = InvalidOid; // of the plain type
    bool text = false;     // is it text, varchar, citext, …?
    ArrayShape array;
    std::unique_ptr<Domain> domain;
};

/// What stands for letters and digits, in the order of preference: a domain may know letters and digits alone.
constexpr std::array<std::pair<char, char>, 3> covers{{{'*', '*'}, {'x', '0'}, {'X', '0'}}};

Datum masked_text(Datum value, std::pair<char, char> cover) {
    return pg::text_datum(masked(pg::to_string(value), cover.first, cover.second));
}

std::int64_t magnitude_of(std::int64_t value) {
    if (value == 0)
        return 0;
    // Counted below zero, where there is one number more.
    const std::int64_t negative = value < 0 ? value : -value;
    std::int64_t power = -1;
    while (negative / 10 <= power)
        power *= 10;
    return value < 0 ? power : -power;
}

Masked masked_float(double value) {
    if (!std::isfinite(value))
        return std::nullopt;
    return Float8GetDatum(value == 0 ? 0
                                     : std::copysign(std::pow(10, std::floor(std::log10(std::fabs(value)))), value));
}

Masked masked_numeric(Datum value) {
    const std::string told =
        magnitude(pg::call([&] { return DatumGetCString(DirectFunctionCall1(numeric_out, value)); }));
    if (told.empty())
        return std::nullopt;
    return pg::call([&] {
        return DirectFunctionCall3(numeric_in, CStringGetDatum(told.c_str()), ObjectIdGetDatum(InvalidOid),
                                   Int32GetDatum(-1));
    });
}

Masked masked_date(DateADT value) {
    if (DATE_NOT_FINITE(value))
        return std::nullopt;
    int year, month, day;
    j2date(value + POSTGRES_EPOCH_JDATE, &year, &month, &day);
    const int first = date2j(year, 1, 1);
    // The first year that there is does not begin with January.
    if (first < DATETIME_MIN_JULIAN)
        return std::nullopt;
    return DateADTGetDatum(first - POSTGRES_EPOCH_JDATE);
}

/// In UTC, whatever the session's time zone: that could be moved about until the year changes.
Masked masked_timestamp(Timestamp value) {
    if (TIMESTAMP_NOT_FINITE(value))
        return std::nullopt;
    const Timestamp days = value / USECS_PER_DAY - (value % USECS_PER_DAY < 0 ? 1 : 0);
    const Masked first = masked_date(static_cast<DateADT>(days));
    return first ? Masked(TimestampGetDatum(DatumGetDateADT(*first) * USECS_PER_DAY)) : first;
}

Datum masked_uuid(Datum value) {
    return pg::call([&] {
        auto *out = static_cast<pg_uuid_t *>(palloc0(sizeof(pg_uuid_t)));
        const pg_uuid_t *in = DatumGetUUIDP(value);
        out->data[6] = in->data[6] & 0xF0; // version
        out->data[8] = in->data[8] & 0xC0; // variant
        return UUIDPGetDatum(out);
    });
}

/// One leaf; false where nothing of it may be told.
bool mask_leaf(JsonbValue &leaf) {
    switch (leaf.type) {
    case jbvString: {
        const std::string told =
            masked(std::string_view(leaf.val.string.val, static_cast<std::size_t>(leaf.val.string.len)));
        leaf.val.string.val = pg::call([&] { return pnstrdup(told.data(), told.size()); });
        leaf.val.string.len = static_cast<int>(told.size());
        return true;
    }
    case jbvNumeric: {
        const Masked told = masked_numeric(NumericGetDatum(leaf.val.numeric));
        if (told)
            leaf.val.numeric = DatumGetNumeric(*told);
        return told.has_value();
    }
    case jbvNull:
        return true;
    default:
        return false;
    }
}

/// Structure and keys stay, but keys that are addresses or numbers of people themselves.
Datum masked_jsonb(Datum value) {
    JsonbIterator *iterator = pg::call([&] { return JsonbIteratorInit(&DatumGetJsonbP(value)->root); });
    JsonbParseState *state = nullptr;
    JsonbValue *result = nullptr;
    JsonbValue each;
    bool scalar = false;
    for (;;) {
        const JsonbIteratorToken token = pg::call([&] { return JsonbIteratorNext(&iterator, &each, false); });
        if (token == WJB_DONE)
            break;
        if (token == WJB_BEGIN_ARRAY)
            scalar = each.val.array.rawScalar;
        if (token == WJB_KEY &&
            content_of(std::string_view(each.val.string.val, static_cast<std::size_t>(each.val.string.len))) !=
                Content::other)
            (void)mask_leaf(each);
        if ((token == WJB_VALUE || token == WJB_ELEM) && !mask_leaf(each))
            each.type = jbvNull;
        const bool valued =
            token == WJB_KEY || token == WJB_VALUE || token == WJB_ELEM || (token == WJB_BEGIN_ARRAY && scalar);
        result = pg::call([&] { return pushJsonbValue(&state, token, valued ? &each : nullptr); });
    }
    return pg::call([&] { return JsonbPGetDatum(JsonbValueToJsonb(result)); });
}

/// As jsonb takes it, which refuses some that json holds, and quotes it then: escapes that name no character, and
/// numbers beyond what numeric can hold. Where each character is covered, any will do.
std::string acceptable(const std::string &document) {
    std::string out;
    bool in_string = false;
    for (std::size_t i = 0; i < document.size(); i++) {
        const char c = document[i];
        if (in_string) {
            if (c == '\\') {
                out += 'x';
                i += document[i + 1] == 'u' ? 5 : 1;
                continue;
            }
            in_string = c != '"';
            out += c;
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            const std::size_t end = std::min(document.find_first_not_of("0123456789+-.eE", i), document.size());
            const std::string number = document.substr(i, end - i);
            out += number.find_first_of("eE") == std::string::npos && number.size() < 1000 ? number : "null";
            i = end - 1;
        } else {
            in_string = c == '"';
            out += c;
        }
    }
    return out;
}

Datum masked_json(Datum value) {
    const std::string document = acceptable(pg::to_string(value));
    const Datum binary = pg::call([&] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(document.c_str())); });
    const Datum told = masked_jsonb(binary);
    return pg::call(
        [&] { return PointerGetDatum(cstring_to_text(DatumGetCString(DirectFunctionCall1(jsonb_out, told)))); });
}

Masked masked_value(Oid type, Datum value) {
    switch (type) {
    case INT2OID:
        return Int16GetDatum(static_cast<int16>(magnitude_of(DatumGetInt16(value))));
    case INT4OID:
        return Int32GetDatum(static_cast<int32>(magnitude_of(DatumGetInt32(value))));
    case INT8OID:
        return Int64GetDatum(magnitude_of(DatumGetInt64(value)));
    case FLOAT4OID: {
        const Masked told = masked_float(DatumGetFloat4(value));
        return told ? Masked(Float4GetDatum(static_cast<float4>(DatumGetFloat8(*told)))) : told;
    }
    case FLOAT8OID:
        return masked_float(DatumGetFloat8(value));
    case NUMERICOID:
        return masked_numeric(value);
    case DATEOID:
        return masked_date(DatumGetDateADT(value));
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
        return masked_timestamp(DatumGetTimestamp(value));
    case UUIDOID:
        return masked_uuid(value);
    case JSONBOID:
        return masked_jsonb(value);
    case JSONOID:
        return masked_json(value);
    default:
        return std::nullopt;
    }
}

/// Element by element, with as many of them.
Masked masked_array(const Site &site, Datum value) {
    const ArrayType *array = pg::call([&] { return DatumGetArrayTypeP(value); });
    Datum *elements;
    bool *nulls;
    int count;
    const ArrayShape &of = site.array;
    pg::call([&] {
        deconstruct_array(const_cast<ArrayType *>(array), of.element, of.length, of.by_value, of.alignment, &elements,
                          &nulls, &count);
    });
    for (int i = 0; i < count; i++) {
        if (nulls[i])
            continue;
        const Masked told =
            of.text ? Masked(masked_text(elements[i], covers.front())) : masked_value(of.element, elements[i]);
        nulls[i] = !told;
        elements[i] = told.value_or(0);
    }
    return pg::call([&] {
        return PointerGetDatum(construct_md_array(elements, nulls, ARR_NDIM(array), const_cast<int *>(ARR_DIMS(array)),
                                                  const_cast<int *>(ARR_LBOUND(array)), of.element, of.length,
                                                  of.by_value, of.alignment));
    });
}

/// The first form that the domain accepts, if any.
Masked masked_for(Site &site, Datum value) {
    for (const auto &cover : covers) {
        const Masked told = site.text                        ? Masked(masked_text(value, cover))
                            : OidIsValid(site.array.element) ? masked_array(site, value)
                                                             : masked_value(site.base, value);
        if (!told || !site.domain || site.domain->accepts(*told))
            return told;
        if (!site.text)
            break;
    }
    return std::nullopt;
}

Site &site_of(FunctionCallInfo fcinfo) {
    if (fcinfo->flinfo->fn_extra != nullptr)
        return *static_cast<Site *>(fcinfo->flinfo->fn_extra);
    const MemoryContext context = fcinfo->flinfo->fn_mcxt;
    auto site = std::make_unique<Site>();
    Oid type = pg::call([&] { return get_fn_expr_argtype(fcinfo->flinfo, 0); });
    if (!OidIsValid(type))
        pg::raise(ERRCODE_INDETERMINATE_DATATYPE, "gdpr.masked() does not know the type of its argument");
    if (const Oid plain = pg::call([&] { return encrypted::plain_counterpart(type); }); OidIsValid(plain)) {
        site->sealed = pg::call([&] { return &encrypted::type_of(type); });
        type = plain;
    }
    site->base = pg::call([&] { return getBaseType(type); });
    site->text = is_text(site->base);
    ArrayShape &array = site->array;
    if (!site->text && site->base != OIDVECTOROID && site->base != INT2VECTOROID)
        array.element = pg::call([&] { return get_element_type(site->base); });
    // Of a domain each would have to be asked about.
    if (OidIsValid(array.element) && pg::call([&] { return get_typtype(array.element); }) == TYPTYPE_DOMAIN)
        array.element = InvalidOid;
    if (OidIsValid(array.element)) {
        array.text = is_text(array.element);
        pg::call([&] { get_typlenbyvalalign(array.element, &array.length, &array.by_value, &array.alignment); });
    }
    if (site->base != type)
        site->domain = std::make_unique<Domain>(type, context);
    auto *callback = pg::call([&] {
        return static_cast<MemoryContextCallback *>(MemoryContextAllocZero(context, sizeof(MemoryContextCallback)));
    });
    callback->func = [](void *argument) { delete static_cast<Site *>(argument); };
    callback->arg = site.get();
    MemoryContextRegisterResetCallback(context, callback);
    fcinfo->flinfo->fn_extra = site.get();
    return *site.release();
}

} // namespace

} // namespace gdpr::gate

using namespace gdpr;

GDPR_FUNCTION(gdpr_masked) {
    if (PG_ARGISNULL(0))
        PG_RETURN_NULL();
    gate::Site &site = gate::site_of(fcinfo);
    Datum value = PG_GETARG_DATUM(0);
    if (site.sealed != nullptr)
        value = pg::call([&] { return encrypted::open(*site.sealed, value); });
    const auto told = gate::masked_for(site, value);
    if (!told)
        PG_RETURN_NULL();
    return site.sealed != nullptr ? pg::call([&] { return encrypted::seal(*site.sealed, *told); }) : *told;
}
