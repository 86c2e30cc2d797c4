#include "rotate/nested.hpp"

#include "encrypted/value.hpp"

namespace gdpr::rotate {

namespace {

/// An array, taken apart.
struct Elements {
    ArrayType *array;
    Oid type;
    int16 length;
    bool by_value;
    char align;
    Datum *values;
    bool *nulls;
    int count;
};

void take_apart(Datum value, Elements *out) {
    out->array = DatumGetArrayTypeP(value);
    out->type = ARR_ELEMTYPE(out->array);
    get_typlenbyvalalign(out->type, &out->length, &out->by_value, &out->align);
    deconstruct_array(out->array, out->type, out->length, out->by_value, out->align, &out->values, &out->nulls,
                      &out->count);
}

/// A row, taken apart.
struct Fields {
    TupleDesc description;
    HeapTupleData tuple;
    Datum *values;
    bool *nulls;
};

void take_apart(Datum value, Fields *out) {
    HeapTupleHeader header = DatumGetHeapTupleHeader(value);
    out->description = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
    out->tuple = {};
    out->tuple.t_len = HeapTupleHeaderGetDatumLength(header);
    ItemPointerSetInvalid(&out->tuple.t_self);
    out->tuple.t_data = header;
    const auto count = static_cast<std::size_t>(out->description->natts);
    out->values = static_cast<Datum *>(palloc(sizeof(Datum) * count));
    out->nulls = static_cast<bool *>(palloc(sizeof(bool) * count));
    heap_deform_tuple(&out->tuple, out->description, out->values, out->nulls);
}

} // namespace

const char *const encrypted_types = R"(
WITH RECURSIVE encrypted(type) AS (
    SELECT proargtypes[0] FROM pg_catalog.pg_proc WHERE proname = 'decrypt' AND pronamespace = 'gdpr'::pg_catalog.regnamespace
    UNION
    SELECT holder.type FROM encrypted e CROSS JOIN LATERAL (
        SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typbasetype = e.type OR t.typelem = e.type
        UNION ALL
        SELECT c.reltype FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
         WHERE a.atttypid = e.type AND a.attnum > 0 AND NOT a.attisdropped AND c.reltype <> 0) AS holder(type)))";

bool holds_encrypted(Oid type) {
    type = getBaseType(type);
    if (OidIsValid(encrypted::plain_counterpart(type)))
        return true;
    if (const Oid element = get_element_type(type); OidIsValid(element))
        return holds_encrypted(element);
    if (type == RECORDOID || !type_is_rowtype(type))
        return false;
    TupleDesc description = lookup_rowtype_tupdesc(type, -1);
    bool found = false;
    for (int i = 0; i < description->natts && !found; i++)
        found =
            !TupleDescAttr(description, i)->attisdropped && holds_encrypted(TupleDescAttr(description, i)->atttypid);
    ReleaseTupleDesc(description);
    return found;
}

bool visit_elements(Datum array, bool (*visit)(std::uint32_t key, void *context), void *context) {
    Elements elements;
    take_apart(array, &elements);
    if (!holds_encrypted(elements.type))
        return false;
    bool stop = false;
    for (int i = 0; i < elements.count && !stop; i++)
        stop = !elements.nulls[i] && visit_keys(elements.type, elements.values[i], visit, context);
    return stop;
}

bool visit_keys(Oid type, Datum value, bool (*visit)(std::uint32_t key, void *context), void *context) {
    type = getBaseType(type);
    if (OidIsValid(encrypted::plain_counterpart(type)))
        return visit(encrypted::key_of(value), context);
    bool stop = false;
    if (OidIsValid(get_element_type(type)))
        stop = visit_elements(value, visit, context);
    else if (type_is_rowtype(type)) {
        Fields fields;
        take_apart(value, &fields);
        for (int i = 0; i < fields.description->natts && !stop; i++)
            stop = !fields.nulls[i] &&
                   visit_keys(TupleDescAttr(fields.description, i)->atttypid, fields.values[i], visit, context);
        ReleaseTupleDesc(fields.description);
    }
    return stop;
}

Datum renewed(Oid type, Datum value, std::span<const std::uint32_t> good) {
    type = getBaseType(type);
    if (OidIsValid(encrypted::plain_counterpart(type)))
        return std::find(good.begin(), good.end(), encrypted::key_of(value)) == good.end()
                   ? encrypted::reseal(encrypted::type_of(type), value)
                   : value;
    if (OidIsValid(get_element_type(type))) {
        Elements elements;
        take_apart(value, &elements);
        for (int i = 0; i < elements.count; i++)
            if (!elements.nulls[i])
                elements.values[i] = renewed(elements.type, elements.values[i], good);
        return PointerGetDatum(construct_md_array(elements.values, elements.nulls, ARR_NDIM(elements.array),
                                                  ARR_DIMS(elements.array), ARR_LBOUND(elements.array), elements.type,
                                                  elements.length, elements.by_value, elements.align));
    }
    if (!type_is_rowtype(type))
        return value;
    Fields fields;
    take_apart(value, &fields);
    for (int i = 0; i < fields.description->natts; i++)
        if (!fields.nulls[i])
            fields.values[i] = renewed(TupleDescAttr(fields.description, i)->atttypid, fields.values[i], good);
    const Datum row =
        heap_copy_tuple_as_datum(heap_form_tuple(fields.description, fields.values, fields.nulls), fields.description);
    ReleaseTupleDesc(fields.description);
    return row;
}

} // namespace gdpr::rotate
