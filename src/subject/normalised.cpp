#include "subject/normalised.hpp"

#include "encrypted/type.hpp"
#include "encrypted/value.hpp"
#include "pg/pg.hpp"

namespace gdpr::subject {

namespace {

Oid function_of_text(const char *name) {
    return pg::call([&] {
        const Oid text = TEXTOID;
        return LookupFuncName(list_make2(makeString(pstrdup("gdpr")), makeString(pstrdup(name))), 1, &text, false);
    });
}

} // namespace

bool tells_same_person(Oid relation, AttrNumber column) {
    const Oid type = pg::call([&] { return get_atttype(relation, column); });
    return !pg::depends_on_formats(pg::call([&] { return getBaseType(encrypted::travelling_type(type)); }));
}

std::string normalised_form(Oid relation, const std::string &column, const std::string &row) {
    const Oid type = pg::call([&] { return get_atttype(relation, get_attnum(relation, column.c_str())); });
    const Oid plain = encrypted::travelling_type(type), base = pg::call([&] { return getBaseType(plain); });
    // Without a cast where none is needed, as whoever makes an index of their own would write it.
    const bool text = base == TEXTOID || base == VARCHAROID || base == BPCHAROID;
    return "gdpr.normalised(" + row + pg::quote(column) +
           (text            ? ""
            : plain == type ? "::pg_catalog.text"
                            : "::" + pg::type_name(plain) + "::pg_catalog.text") +
           ")";
}

NormalisedColumn::NormalisedColumn(Oid relation, AttrNumber number)
    : number_(number), normalised_(function_of_text("normalised")) {
    pg::call([&] {
        const Oid type = getBaseType(get_atttype(relation, number));
        plain_ = encrypted::plain_form(type);
        if (plain_ != type)
            encrypted_ = type;
        if (find_coercion_pathway(TEXTOID, plain_, COERCION_EXPLICIT, &to_text_) != COERCION_PATH_FUNC)
            to_text_ = InvalidOid;
    });
}

std::optional<std::string> NormalisedColumn::read(TupleTableSlot *row) const {
    std::string text = pg::to_string(pg::call([&] {
        bool null;
        Datum value = slot_getattr(row, number_, &null);
        if (null)
            return PointerGetDatum(cstring_to_text(""));
        if (OidIsValid(encrypted_))
            value = encrypted::open(encrypted::type_of(encrypted_), value);
        if (OidIsValid(to_text_))
            value = OidFunctionCall1(to_text_, value);
        else {
            Oid output;
            bool variable;
            getTypeOutputInfo(plain_, &output, &variable);
            value = PointerGetDatum(cstring_to_text(OidOutputFunctionCall(output, value)));
        }
        return OidFunctionCall1(normalised_, value);
    }));
    return text.empty() ? std::nullopt : std::optional(std::move(text));
}

bool NormalisedColumn::untouched(TupleTableSlot *row, TupleTableSlot *before) const {
    return pg::call([&] {
        bool null, null_before;
        const Datum value = slot_getattr(row, number_, &null);
        const Datum value_before = slot_getattr(before, number_, &null_before);
        const Form_pg_attribute column = TupleDescAttr(row->tts_tupleDescriptor, number_ - 1);
        return null == null_before && (null || datum_image_eq(value, value_before, column->attbyval, column->attlen));
    });
}

std::vector<IndexedForm> indexed_forms(Oid relation) {
    const Oid normalised = function_of_text("normalised"), sealed = function_of_text("sealed");
    const pg::Relation table(relation, AccessShareLock);
    const auto form_in = [&](::Relation index) {
        return pg::call([&] {
            const auto single_argument = [](Node *node, Oid function) -> Node * {
                return IsA(node, FuncExpr) && castNode(FuncExpr, node)->funcid == function
                           ? static_cast<Node *>(linitial(castNode(FuncExpr, node)->args))
                           : nullptr;
            };
            if (index->rd_rel->relam != BTREE_AM_OID || !index->rd_index->indisvalid ||
                index->rd_index->indkey.values[0] != 0 || RelationGetIndexPredicate(index) != NIL)
                return IndexedForm{};
            auto *key = static_cast<Node *>(linitial(RelationGetIndexExpressions(index)));
            Node *inner = single_argument(key, sealed);
            Node *value = single_argument(inner != nullptr ? inner : key, normalised);
            // The column itself, cast perhaps.
            while (value != nullptr && !IsA(value, Var)) {
                const auto *call = IsA(value, FuncExpr) ? castNode(FuncExpr, value) : nullptr;
                value = IsA(value, RelabelType)   ? reinterpret_cast<Node *>(castNode(RelabelType, value)->arg)
                        : IsA(value, CoerceViaIO) ? reinterpret_cast<Node *>(castNode(CoerceViaIO, value)->arg)
                        : call != nullptr && call->funcformat != COERCE_EXPLICIT_CALL
                            ? static_cast<Node *>(linitial(call->args))
                            : nullptr;
            }
            return value == nullptr
                       ? IndexedForm{}
                       : IndexedForm{RelationGetRelid(index), castNode(Var, value)->varattno, inner != nullptr};
        });
    };
    std::vector<IndexedForm> forms;
    ListCell *cell;
    foreach (cell, pg::call([&] { return RelationGetIndexList(table.get()); })) {
        const pg::Relation index(lfirst_oid(cell), AccessShareLock);
        if (const IndexedForm form = form_in(index.get()); OidIsValid(form.index))
            forms.push_back(form);
    }
    return forms;
}

std::optional<IndexedForm> indexed_form(Oid relation, AttrNumber column) {
    for (const IndexedForm &each : indexed_forms(relation))
        if (each.column == column)
            return each;
    return std::nullopt;
}

} // namespace gdpr::subject
