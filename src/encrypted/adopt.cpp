#include "encrypted/adopt.hpp"

#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

void adopt(Oid type, StringInfo wire);

void adopt_id(StringInfo wire, Oid here) {
    std::uint32_t id = pg_hton32(here);
    if (pq_getmsgint(wire, 4) >= FirstNormalObjectId)
        std::memcpy(wire->data + wire->cursor - sizeof id, &id, sizeof id);
}

/// A length word, and a value of so many bytes.
void adopt_value(Oid type, StringInfo wire) {
    const auto length = static_cast<int>(pq_getmsgint(wire, 4));
    if (length <= 0)
        return;
    const int end = wire->cursor + length;
    adopt(type, wire);
    wire->cursor = end;
}

void adopt_array(Oid element, StringInfo wire) {
    const auto dimensions = static_cast<int>(pq_getmsgint(wire, 4));
    (void)pq_getmsgint(wire, 4); // flags
    adopt_id(wire, element);
    std::int64_t count = dimensions > 0 ? 1 : 0;
    for (int i = 0; i < dimensions; i++) {
        count *= pq_getmsgint(wire, 4);
        (void)pq_getmsgint(wire, 4); // lower bound
    }
    while (count-- > 0)
        adopt_value(element, wire);
}

void adopt_row(Oid type, StringInfo wire) {
    TupleDesc descriptor = lookup_rowtype_tupdesc(type, -1);
    auto left = static_cast<int>(pq_getmsgint(wire, 4));
    for (int i = 0; i < descriptor->natts && left > 0; i++) {
        const Form_pg_attribute column = TupleDescAttr(descriptor, i);
        if (column->attisdropped)
            continue;
        adopt_id(wire, column->atttypid);
        adopt_value(column->atttypid, wire);
        left--;
    }
    ReleaseTupleDesc(descriptor);
}

void adopt(Oid type, StringInfo wire) {
    type = getBaseType(type);
    if (const Oid element = get_element_type(type); OidIsValid(element))
        adopt_array(element, wire);
    else if (type_is_rowtype(type))
        adopt_row(type, wire);
}

} // namespace

void adopt_type_ids(Oid type, StringInfo wire) {
    adopt(type, wire);
    wire->cursor = 0;
}

} // namespace gdpr::encrypted
