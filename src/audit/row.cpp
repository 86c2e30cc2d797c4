#include "audit/row.hpp"

#include "encrypted/value.hpp"
#include "label/label.hpp"
#include "pg/pg.hpp"
#include "subject/owner.hpp"

namespace gdpr::audit {

namespace {

// Invalidation only forgets; a trigger that is running keeps what it holds.
std::map<Oid, std::shared_ptr<const Shape>> *shapes = nullptr;

void relation_changed(Oid relation) {
    if (shapes == nullptr)
        return;
    if (relation == InvalidOid)
        shapes->clear();
    else
        shapes->erase(relation);
}

Rendering rendering_of(Oid type) {
    switch (type) {
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
        return Rendering::text;
    case BOOLOID:
        return Rendering::boolean;
    case INT2OID:
        return Rendering::int2;
    case INT4OID:
        return Rendering::int4;
    case INT8OID:
        return Rendering::int8;
    case NUMERICOID:
        return Rendering::numeric;
    case DATEOID:
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
        return Rendering::date_time;
    case JSONOID:
        return Rendering::json;
    case JSONBOID:
        return Rendering::jsonb;
    default:
        return Rendering::other;
    }
}

void fill(Column *column, Form_pg_attribute attribute, MemoryContext context) {
    column->number = attribute->attnum;
    column->name = attribute->attname;
    const Oid plain = encrypted::plain_counterpart(attribute->atttypid);
    column->encrypted = OidIsValid(plain) ? attribute->atttypid : InvalidOid;
    const Oid type = OidIsValid(plain) ? plain : attribute->atttypid;
    column->type = getBaseType(type);
    column->rendering = rendering_of(column->type);
    get_typlenbyval(column->type, &column->length, &column->by_value);
    if (column->rendering != Rendering::other && column->rendering != Rendering::json)
        return;
    fmgr_info_cxt(F_TO_JSONB, &column->to_jsonb, context);
    MemoryContext previous = MemoryContextSwitchTo(context);
    fmgr_info_set_expr(
        reinterpret_cast<Node *>(makeFuncExpr(F_TO_JSONB, JSONBOID, list_make1(makeNullConst(type, -1, InvalidOid)),
                                              InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL)),
        &column->to_jsonb);
    MemoryContextSwitchTo(previous);
}

bool is_stored(Form_pg_attribute attribute) {
#if PG_VERSION_NUM >= 180000
    if (attribute->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL)
        return false;
#endif
    return !attribute->attisdropped;
}

void set_string(JsonbValue *json, const char *text, std::size_t length) {
    json->type = jbvString;
    json->val.string.val = const_cast<char *>(text);
    json->val.string.len = static_cast<int>(length);
}

void set_numeric(JsonbValue *json, Numeric number) {
    json->type = jbvNumeric;
    json->val.numeric = number;
}

void set_document(JsonbValue *json, Jsonb *document) {
    if (JB_ROOT_IS_SCALAR(document)) {
        (void)JsonbExtractScalar(&document->root, json);
        return;
    }
    json->type = jbvBinary;
    json->val.binary.data = &document->root;
    json->val.binary.len = static_cast<int>(VARSIZE(document) - VARHDRSZ);
}

void set_value(JsonbValue *json, const Column &column, Datum value) {
    switch (column.rendering) {
    case Rendering::text: {
        const text *content = DatumGetTextPP(value);
        set_string(json, VARDATA_ANY(content), VARSIZE_ANY_EXHDR(content));
        return;
    }
    case Rendering::boolean:
        json->type = jbvBool;
        json->val.boolean = DatumGetBool(value);
        return;
    case Rendering::int2:
        set_numeric(json, int64_to_numeric(DatumGetInt16(value)));
        return;
    case Rendering::int4:
        set_numeric(json, int64_to_numeric(DatumGetInt32(value)));
        return;
    case Rendering::int8:
        set_numeric(json, int64_to_numeric(DatumGetInt64(value)));
        return;
    case Rendering::numeric: {
        Numeric number = DatumGetNumeric(value);
        if (numeric_is_nan(number) || numeric_is_inf(number)) { // JSON has no such numbers
            const char *text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number)));
            set_string(json, text, std::strlen(text));
        } else
            set_numeric(json, number);
        return;
    }
    case Rendering::date_time: {
        const char *text = JsonEncodeDateTime(nullptr, value, column.type, nullptr);
        set_string(json, text, std::strlen(text));
        return;
    }
    case Rendering::jsonb:
        set_document(json, DatumGetJsonbP(value));
        return;
    case Rendering::json: {
        // A json column takes escapes that jsonb refuses, and recording must not fail where writing does not.
        const text *document = DatumGetTextPP(value);
        const std::string_view written(VARDATA_ANY(document), VARSIZE_ANY_EXHDR(document));
        if (written.find("\\u") != std::string_view::npos)
            set_string(json, written.data(), written.size());
        else
            set_document(json, DatumGetJsonbP(FunctionCall1(&column.to_jsonb, PointerGetDatum(document))));
        return;
    }
    case Rendering::other:
        set_document(json, DatumGetJsonbP(FunctionCall1(&column.to_jsonb, value)));
        return;
    }
}

void push_key(JsonbParseState **state, const char *name) {
    JsonbValue key;
    set_string(&key, name, std::strlen(name));
    (void)pushJsonbValue(state, WJB_KEY, &key);
}

void push_row(JsonbParseState **state, const Shape &shape, const TupleTableSlot *row, const int *places, int count) {
    (void)pushJsonbValue(state, WJB_BEGIN_OBJECT, nullptr);
    for (int i = 0; i < count; i++) {
        const Column &column = shape.columns[places[i]];
        push_key(state, NameStr(column.name));
        JsonbValue json;
        json.type = jbvNull;
        if (!row->tts_isnull[column.number - 1]) {
            Datum value = row->tts_values[column.number - 1];
            if (OidIsValid(column.encrypted))
                value = encrypted::open(encrypted::type_of(column.encrypted), value);
            set_value(&json, column, value);
        }
        (void)pushJsonbValue(state, WJB_VALUE, &json);
    }
    (void)pushJsonbValue(state, WJB_END_OBJECT, nullptr);
}

} // namespace

Shape::Shape(::Relation relation)
    : context_(pg::call([] {
          return AllocSetContextCreateInternal(CacheMemoryContext, "gdpr audited relation", ALLOCSET_SMALL_SIZES);
      })) {
    const auto describe = [&] {
        generation_ = subject::generation();
        const Oid id = RelationGetRelid(relation);
        node = subject::node_of(id);
        in_graph = OidIsValid(node);
        if (!in_graph) {
            const Oid labelled = label::of(id).labelled;
            node = OidIsValid(labelled) ? labelled : id;
        }
        columns = pg::call([&] {
            const TupleDesc descriptor = RelationGetDescr(relation);
            auto *list = static_cast<Column *>(
                MemoryContextAllocZero(context_, sizeof(Column) * static_cast<std::size_t>(descriptor->natts + 1)));
            for (int i = 0; i < descriptor->natts; i++)
                if (is_stored(TupleDescAttr(descriptor, i)))
                    fill(&list[count++], TupleDescAttr(descriptor, i), context_);
            return list;
        });
        for (const AttrNumber number : subject::concerning_columns(id))
            for (int place = 0; place < count; place++)
                if (columns[place].number == number)
                    ownership.push_back(place);
    };
    try {
        describe();
    } catch (...) {
        MemoryContextDelete(context_);
        throw;
    }
}

Shape::~Shape() { MemoryContextDelete(context_); }

std::shared_ptr<const Shape> Shape::of(::Relation relation) {
    if (shapes == nullptr)
        shapes = new std::map<Oid, std::shared_ptr<const Shape>>;
    const Oid id = RelationGetRelid(relation);
    const std::uint64_t generation = subject::generation();
    if (const auto known = shapes->find(id); known != shapes->end() && known->second->generation_ == generation)
        return known->second;
    auto fresh = std::make_shared<const Shape>(relation);
    (*shapes)[id] = fresh;
    return fresh;
}

bool same_value(const Column &column, const TupleTableSlot *one, const TupleTableSlot *other) {
    const int at = column.number - 1;
    if (one->tts_isnull[at] || other->tts_isnull[at])
        return one->tts_isnull[at] == other->tts_isnull[at];
    const Datum a = one->tts_values[at], b = other->tts_values[at];
    if (!OidIsValid(column.encrypted))
        return datum_image_eq(a, b, column.by_value, column.length);
    if (datum_image_eq(a, b, false, -1))
        return true;
    const encrypted::EncryptedType &type = encrypted::type_of(column.encrypted);
    return datum_image_eq(encrypted::open(type, a), encrypted::open(type, b), type.by_value, type.length);
}

Jsonb *content(const Shape &shape, const TupleTableSlot *before, const TupleTableSlot *after, const int *places,
               int count) {
    JsonbParseState *state = nullptr;
    (void)pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
    if (before != nullptr) {
        push_key(&state, "old");
        push_row(&state, shape, before, places, count);
    }
    if (after != nullptr) {
        push_key(&state, "new");
        push_row(&state, shape, after, places, count);
    }
    return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr));
}

Jsonb *note_content(std::string_view note) {
    JsonbParseState *state = nullptr;
    (void)pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
    push_key(&state, "note");
    JsonbValue json;
    set_string(&json, note.data(), note.size());
    (void)pushJsonbValue(&state, WJB_VALUE, &json);
    return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr));
}

void init_shapes() { pg::on_relation_change(relation_changed); }

} // namespace gdpr::audit
