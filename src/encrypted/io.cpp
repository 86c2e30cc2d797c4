// Text and binary input and output, casts and length coercion: the same functions for every encrypted type.
#include "encrypted/literal.hpp"
#include "encrypted/rewrite.hpp"
#include "encrypted/value.hpp"
#include "pg/pg.hpp"

using namespace gdpr;
using encrypted::EncryptedType;
using encrypted::Opened;
using encrypted::Use;

GDPR_FUNCTION(gdpr_encrypted_in) {
    const bool parsing = encrypted::is_parsing(fcinfo->flinfo);
    const EncryptedType &type = encrypted::type_of_call(fcinfo, -1);
    char *text = PG_GETARG_CSTRING(0);
    const int32 typmod = PG_GETARG_INT32(2);
    if (encrypted::is_literal(text))
        return encrypted::from_literal(type, text);
    if (parsing)
        return encrypted::seal_literal(type, text, typmod);
    return encrypted::seal(type, InputFunctionCall(&type.input, text, type.element_argument, typmod));
}

GDPR_FUNCTION(gdpr_encrypted_out) {
    const EncryptedType &type = encrypted::type_of_call(fcinfo, 0);
    if (encrypted::output_is_ciphertext())
        PG_RETURN_CSTRING(encrypted::to_literal(PG_GETARG_DATUM(0)));
    Opened opened(type, PG_GETARG_DATUM(0), Use::once);
    char *text = OutputFunctionCall(&type.output, opened.value());
    opened.release();
    PG_RETURN_CSTRING(text);
}

GDPR_FUNCTION(gdpr_encrypted_recv) {
    const EncryptedType &type = encrypted::type_of_call(fcinfo, -1);
    auto *buffer = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
    return encrypted::seal(type, ReceiveFunctionCall(&type.receive, buffer, type.element_argument, PG_GETARG_INT32(2)));
}

GDPR_FUNCTION(gdpr_encrypted_send) {
    const EncryptedType &type = encrypted::type_of_call(fcinfo, 0);
    if (encrypted::output_is_ciphertext())
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("ciphertext is not written in binary format"),
                        errhint("Use text format, or SET gdpr.output = 'plain'.")));
    Opened opened(type, PG_GETARG_DATUM(0), Use::once);
    bytea *wire = SendFunctionCall(&type.send, opened.value());
    opened.release();
    PG_RETURN_BYTEA_P(wire);
}

GDPR_FUNCTION(gdpr_encrypt) { return encrypted::seal(encrypted::type_of_call(fcinfo, -1), PG_GETARG_DATUM(0)); }

GDPR_FUNCTION(gdpr_sealed) { return encrypted::seal_of_row(encrypted::type_of_call(fcinfo, -1), PG_GETARG_DATUM(0)); }

GDPR_FUNCTION(gdpr_sealed_again) {
    const EncryptedType &type = encrypted::type_of_call(fcinfo, 0);
    return encrypted::seal_of_row(type, encrypted::open(type, PG_GETARG_DATUM(0)));
}

GDPR_FUNCTION(gdpr_decrypt) { return encrypted::open(encrypted::type_of_call(fcinfo, 0), PG_GETARG_DATUM(0)); }

GDPR_FUNCTION(gdpr_decrypted_array) {
    ArrayType *array = PG_GETARG_ARRAYTYPE_P(0);
    const EncryptedType &type = encrypted::type_of(ARR_ELEMTYPE(array));
    Datum *values;
    bool *nulls;
    int count;
    deconstruct_array(array, type.encrypted, -1, false, TYPALIGN_INT, &values, &nulls, &count);
    for (int i = 0; i < count; i++)
        if (!nulls[i])
            values[i] = encrypted::open(type, values[i]);
    int16 length;
    bool by_value;
    char align;
    get_typlenbyvalalign(type.plain, &length, &by_value, &align);
    PG_RETURN_ARRAYTYPE_P(construct_md_array(values, nulls, ARR_NDIM(array), ARR_DIMS(array), ARR_LBOUND(array),
                                             type.plain, length, by_value, align));
}

GDPR_FUNCTION(gdpr_encrypted_resize) {
    const EncryptedType &type = encrypted::type_of_call(fcinfo, 0);
    if (PG_GETARG_INT32(1) < 0)
        return PG_GETARG_DATUM(0);
    Opened opened(type, PG_GETARG_DATUM(0), Use::once);
    const Datum plain = opened.value();
    const Datum resized = type.resize_arguments == 3
                              ? FunctionCall3(&type.resize, plain, PG_GETARG_DATUM(1), PG_GETARG_DATUM(2))
                              : FunctionCall2(&type.resize, plain, PG_GETARG_DATUM(1));
    // An unchanged value keeps its ciphertext.
    const Datum result =
        datumIsEqual(plain, resized, type.by_value, type.length) ? PG_GETARG_DATUM(0) : encrypted::seal(type, resized);
    opened.release();
    return result;
}

GDPR_FUNCTION(gdpr_encrypted_to_json) {
    const EncryptedType &type = encrypted::type_of_call(fcinfo, 0);
    // Written out in a check, a policy or the like; of a query the planner's hook says so before.
    if (Node *call = fcinfo->flinfo->fn_expr; call != nullptr && IsA(call, FuncExpr))
        encrypted::refuse_cast_to_json(castNode(FuncExpr, call));
    Opened opened(type, PG_GETARG_DATUM(0), Use::once);
    const Datum json = FunctionCall1(&type.to_json, opened.value());
    opened.release();
    return json;
}

/// What follows the name of a type in parentheses: PostgreSQL's own words for the types of SQL ("without time zone",
/// "day to second") are not read behind another name.
static char *typmod_out(Oid plain, int32 typmod) {
    if (plain == INTERVALOID) {
        const int range = INTERVAL_RANGE(typmod), precision = INTERVAL_PRECISION(typmod);
        return typmod < 0                             ? pstrdup("")
               : precision == INTERVAL_FULL_PRECISION ? psprintf("(%d)", range)
                                                      : psprintf("(%d, %d)", range, precision);
    }
    HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(plain));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for type %u", plain);
    const Oid function = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple))->typmodout;
    ReleaseSysCache(tuple);
    // Tools that reflect (such as SQLAlchemy 1.4) fail on two numbers without a space between them after the name of a
    // type that they do not know.
    StringInfoData spaced;
    initStringInfo(&spaced);
    for (const char *next = DatumGetCString(OidFunctionCall1(function, Int32GetDatum(typmod))); *next != '\0'; next++) {
        appendStringInfo(&spaced, *next == ',' && next[1] != ' ' ? "%c " : "%c", *next);
        if (*next == ')')
            break;
    }
    return spaced.data;
}

/// gdpr.<type>_typmodout(integer): only the function's name says for which type it is asked.
GDPR_FUNCTION(gdpr_encrypted_typmodout) {
    const std::string_view suffix = "_typmodout";
    char *name = get_func_name(fcinfo->flinfo->fn_oid);
    name[std::strlen(name) - suffix.size()] = '\0';
    const Oid encrypted = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name),
                                          ObjectIdGetDatum(get_namespace_oid("gdpr", false)));
    PG_RETURN_CSTRING(typmod_out(encrypted::type_of(encrypted).plain, PG_GETARG_INT32(0)));
}
