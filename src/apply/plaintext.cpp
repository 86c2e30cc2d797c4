#include "apply/plaintext.hpp"

#include "encrypted/type.hpp"
#include "label/label.hpp"
#include "pg/planning.hpp"
#include "pg/tree.hpp"

namespace gdpr::apply {

namespace {

/// Which columns count as encrypted: those that are, and those that `labelled` names.
struct Reading {
    const Bitmapset *labelled; // by attribute number, as pull_varattnos has them
    AttrNumber found;
};

bool is_encrypted(Oid type) { return OidIsValid(encrypted::plain_counterpart(getBaseType(type))); }

bool whole_row_is_encrypted(Oid type) {
    const Oid relation = get_typ_typrelid(type);
    for (AttrNumber number = 1; SearchSysCacheExists2(ATTNUM, ObjectIdGetDatum(relation), Int16GetDatum(number));
         number++)
        if (const Oid column = get_atttype(relation, number); OidIsValid(column) && is_encrypted(column))
            return true;
    return false;
}

/// Does the expression read what an encrypted column holds? Whether it is null is no secret: ciphertext shows it too.
bool reads(Node *node, Reading *reading) {
    if (node == nullptr)
        return false;
    if (IsA(node, NullTest) && IsA(castNode(NullTest, node)->arg, Var) && !castNode(NullTest, node)->argisrow)
        return false;
    if (IsA(node, Var)) {
        const auto *var = castNode(Var, node);
        const bool whole = var->varattno == InvalidAttrNumber;
        if (!bms_is_member(var->varattno - FirstLowInvalidHeapAttributeNumber, reading->labelled) &&
            !(whole ? whole_row_is_encrypted(var->vartype) || reading->labelled != nullptr
                    : is_encrypted(var->vartype)))
            return false;
        reading->found = var->varattno;
        return true;
    }
    return expression_tree_walker(node, pg::walker(reads), reading);
}

/// The column of which one of the expressions keeps plaintext; InvalidAttrNumber is the row as a whole.
std::optional<AttrNumber> revealed(Node *tree, const Bitmapset *labelled, bool condition) {
    bool found = false;
    Reading reading{labelled, InvalidAttrNumber};
    pg::call([&] {
        ListCell *cell;
        foreach (cell, IsA(tree, List) && !condition ? reinterpret_cast<List *>(tree) : list_make1(tree)) {
            auto *expression = static_cast<Node *>(lfirst(cell));
            if (condition || !is_encrypted(exprType(expression)))
                found =
                    found || (IsA(expression, List) ? expression_tree_walker(expression, pg::walker(reads), &reading)
                                                    : reads(expression, &reading));
        }
    });
    return found ? std::optional(reading.found) : std::nullopt;
}

enum class Kind { stored, condition };

[[noreturn]] void refuse(const std::string &object, Oid relation, AttrNumber column, Kind kind, bool exists) {
    std::string what = "rows of " + pg::relation_name(relation) + ", which have encrypted columns";
    if (column != InvalidAttrNumber) {
        const NameData name = pg::call([&] {
            NameData copy;
            namestrcpy(&copy, get_attname(relation, column, false));
            return copy;
        });
        what = "encrypted column " + pg::relation_name(relation) + "." + pg::quote(NameStr(name));
    }
    if (kind == Kind::condition)
        pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED, object + " would tell plaintext of " + what,
                  "Its predicate asks for the value, and whoever reads the index sees which rows meet it.",
                  std::string(exists ? "Drop it, and index" : "Index") +
                      " all rows, or those where the column IS NOT NULL, or by a condition on other columns.");
    pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED, object + " would keep plaintext of " + what,
              "It holds the results of an expression, and stores them as they are.",
              std::string(exists ? "Drop it, or wrap" : "Wrap") + " the expression in gdpr.sealed(…).");
}

Bitmapset *labelled_columns(Oid relation) {
    const label::Labels labels = label::of(relation);
    Bitmapset *columns = nullptr;
    for (const label::LabelledColumn &each : labels.columns)
        if (each.label.encryption != label::ColumnLabel::Encryption::none)
            columns =
                pg::call([&] { return bms_add_member(columns, each.number - FirstLowInvalidHeapAttributeNumber); });
    return columns;
}

/// A generated column that is labelled encrypted will be: its results are no plaintext.
pg::Param labelled_names(Oid relation) {
    const label::Labels labels = label::of(relation);
    std::vector<Datum> names;
    for (const label::LabelledColumn &each : labels.columns)
        if (each.label.encryption != label::ColumnLabel::Encryption::none)
            names.push_back(pg::call([&] { return DirectFunctionCall1(namein, CStringGetDatum(each.name.c_str())); }));
    return pg::param(NAMEARRAYOID, pg::call([&] {
                         return PointerGetDatum(construct_array(names.data(), static_cast<int>(names.size()), NAMEOID,
                                                                NAMEDATALEN, false, TYPALIGN_CHAR));
                     }));
}

// ---- At creation ------------------------------------------------------------

/// The columns of a catalog's row that was inserted a moment ago and is not visible yet, as node trees.
struct Fresh {
    Oid relation = InvalidOid;
    NameData name;
    Node *expressions = nullptr, *condition = nullptr;
};

template <typename Read> bool read_fresh(Oid catalog, Oid index, ScanKeyData *keys, int count, Read read) {
    ::Relation opened = table_open(catalog, AccessShareLock);
    SysScanDesc scan = systable_beginscan(opened, index, true, SnapshotSelf, count, keys);
    HeapTuple tuple = systable_getnext(scan);
    if (HeapTupleIsValid(tuple))
        read(tuple, RelationGetDescr(opened));
    systable_endscan(scan);
    table_close(opened, AccessShareLock);
    return HeapTupleIsValid(tuple);
}

Node *tree_of(HeapTuple tuple, TupleDesc descriptor, int column) {
    bool null;
    const Datum value = heap_getattr(tuple, column, descriptor, &null);
    return null ? nullptr : static_cast<Node *>(stringToNode(TextDatumGetCString(value)));
}

Fresh fresh_index(Oid index) {
    Fresh fresh;
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_index_indexrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(index));
    if (!read_fresh(IndexRelationId, IndexRelidIndexId, &key, 1, [&](HeapTuple tuple, TupleDesc descriptor) {
            fresh.relation = reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple))->indrelid;
            fresh.expressions = tree_of(tuple, descriptor, Anum_pg_index_indexprs);
            fresh.condition = tree_of(tuple, descriptor, Anum_pg_index_indpred);
        }))
        return fresh;
    ScanKeyInit(&key, Anum_pg_class_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(index));
    (void)read_fresh(RelationRelationId, ClassOidIndexId, &key, 1, [&](HeapTuple tuple, TupleDesc) {
        fresh.name = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relname;
    });
    return fresh;
}

Fresh fresh_statistics(Oid statistics) {
    Fresh fresh;
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_statistic_ext_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(statistics));
    (void)read_fresh(StatisticExtRelationId, StatisticExtOidIndexId, &key, 1,
                     [&](HeapTuple tuple, TupleDesc descriptor) {
                         fresh.relation = reinterpret_cast<Form_pg_statistic_ext>(GETSTRUCT(tuple))->stxrelid;
                         fresh.name = reinterpret_cast<Form_pg_statistic_ext>(GETSTRUCT(tuple))->stxname;
                         fresh.expressions = tree_of(tuple, descriptor, Anum_pg_statistic_ext_stxexprs);
                     });
    return fresh;
}

/// Defaults store nothing of other columns; generated columns do, unless they are virtual.
Fresh fresh_generated(Oid relation, int number) {
    Fresh fresh;
    ::Relation table = relation_open(relation, NoLock);
    const Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(table), number - 1);
    const bool stored = attribute->attgenerated == ATTRIBUTE_GENERATED_STORED;
    fresh.name = attribute->attname;
    relation_close(table, NoLock);
    if (!stored)
        return fresh;
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], Anum_pg_attrdef_adrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
    ScanKeyInit(&keys[1], Anum_pg_attrdef_adnum, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(number));
    (void)read_fresh(AttrDefaultRelationId, AttrDefaultIndexId, keys, 2, [&](HeapTuple tuple, TupleDesc descriptor) {
        fresh.relation = relation;
        fresh.expressions = tree_of(tuple, descriptor, Anum_pg_attrdef_adbin);
    });
    return fresh;
}

void created(Oid catalog, Oid object, int part) {
    if (!((catalog == RelationRelationId && part == 0) || catalog == StatisticExtRelationId ||
          catalog == AttrDefaultRelationId))
        return;
    pg::boundary([&] {
        if (!pg::installed())
            return;
        const Fresh fresh = pg::call([&] {
            return catalog == RelationRelationId       ? fresh_index(object)
                   : catalog == StatisticExtRelationId ? fresh_statistics(object)
                                                       : fresh_generated(object, part);
        });
        if (!OidIsValid(fresh.relation))
            return;
        const char *kind = catalog == RelationRelationId       ? "index "
                           : catalog == StatisticExtRelationId ? "statistics object "
                                                               : "generated column ";
        if (fresh.expressions != nullptr)
            if (const auto column = revealed(fresh.expressions, nullptr, false))
                refuse(kind + pg::quote(NameStr(fresh.name)), fresh.relation, *column, Kind::stored, false);
        if (fresh.condition != nullptr)
            if (const auto column = revealed(fresh.condition, nullptr, true))
                refuse(kind + pg::quote(NameStr(fresh.name)), fresh.relation, *column, Kind::condition, false);
    });
}

} // namespace

bool wants_encryption(Oid relation, AttrNumber column) {
    const label::ColumnLabel *label = label::of(relation).column(column);
    return label != nullptr && label->encryption != label::ColumnLabel::Encryption::none;
}

void refuse_stored_plaintext(Oid relation, pg::Spi &spi) {
    const Bitmapset *labelled = labelled_columns(relation);
    const pg::Rows rows = spi.run(
        "SELECT 'index ' || i.indexrelid::pg_catalog.regclass::text, i.indexprs::text, i.indpred::text"
        "  FROM pg_catalog.pg_index i WHERE i.indrelid = $1 AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)"
        " UNION ALL SELECT pg_catalog.format('statistics object %I.%I', n.nspname, s.stxname), s.stxexprs::text, NULL"
        "  FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace"
        " WHERE s.stxrelid = $1 AND s.stxexprs IS NOT NULL"
        " UNION ALL SELECT pg_catalog.format('generated column %s.%I', a.attrelid::pg_catalog.regclass, a.attname),"
        "       d.adbin::text, NULL"
        "  FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum"
        " WHERE d.adrelid = $1 AND a.attgenerated = 's' AND NOT a.attname = ANY ($2) ORDER BY 1",
        {pg::param(OIDOID, ObjectIdGetDatum(relation)), labelled_names(relation)});
    for (std::uint64_t row = 0; row < rows.size(); row++)
        for (const bool condition : {false, true}) {
            const auto text = rows.text(row, condition ? 3 : 2);
            if (!text)
                continue;
            std::string copy = *text;
            Node *tree = pg::call([&] { return static_cast<Node *>(stringToNode(copy.data())); });
            if (const auto column = revealed(tree, labelled, condition))
                refuse(rows.text_or(row, 1), relation, *column, condition ? Kind::condition : Kind::stored, true);
        }
}

void init_plaintext_guard() { pg::on_object_access(OAT_POST_CREATE, created); }

} // namespace gdpr::apply
