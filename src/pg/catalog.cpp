#include "pg/catalog.hpp"

#include "pg/error.hpp"

namespace gdpr::pg {

namespace {

std::string taken(char *palloced) {
    std::string result(palloced);
    pfree(palloced);
    return result;
}

Column column_of(Form_pg_attribute attribute) {
    Column column;
    column.number = attribute->attnum;
    column.name = NameStr(attribute->attname);
    column.type = attribute->atttypid;
    column.typmod = attribute->atttypmod;
    column.collation = attribute->attcollation;
    column.not_null = attribute->attnotnull;
    column.generated = attribute->attgenerated != '\0';
    return column;
}

} // namespace

Relation::Relation(Oid relation, LOCKMODE lock) : relation_(call([&] { return relation_open(relation, lock); })) {}

Relation::~Relation() {
    // Closing only drops a reference count; the lock stays with the transaction.
    relation_close(relation_, NoLock);
}

std::string quote(std::string_view identifier) {
    const std::string terminated(identifier);
    return std::string(call([&] { return quote_identifier(terminated.c_str()); }));
}

std::string quote_literal(std::string_view value) {
    const std::string terminated(value);
    return taken(call([&] { return quote_literal_cstr(terminated.c_str()); }));
}

std::string relation_name(Oid relation) {
    return taken(call([&] {
        const char *name = get_rel_name(relation);
        if (name == nullptr)
            return psprintf("%u", relation);
        return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), name);
    }));
}

std::string type_name(Oid type, int32 typmod) {
    return taken(call(
        [&] { return format_type_extended(type, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY); }));
}

std::string role_name(Oid role) {
    return std::string(call([&] { return quote_identifier(GetUserNameFromId(role, false)); }));
}

std::string bare_type_name(Oid type) {
    return call([&] {
               HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
               if (!HeapTupleIsValid(tuple))
                   ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("type %u does not exist", type)));
               NameData name = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple))->typname;
               ReleaseSysCache(tuple);
               return name;
           })
        .data;
}

bool relation_exists(Oid relation) {
    return call([&] { return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation)); });
}

Oid relation_owner(Oid relation) {
    return call([&] {
        HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
        if (!HeapTupleIsValid(tuple))
            ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation %u does not exist", relation)));
        const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
        ReleaseSysCache(tuple);
        return owner;
    });
}

std::vector<Column> columns_of(Oid relation) {
    Relation opened(relation, AccessShareLock);
    std::vector<Column> columns;
    for (int i = 0; i < opened.descriptor()->natts; i++) {
        Form_pg_attribute attribute = TupleDescAttr(opened.descriptor(), i);
        if (!attribute->attisdropped)
            columns.push_back(column_of(attribute));
    }
    return columns;
}

Oid parent_of(Oid relation) {
    return call([&] {
        ::Relation catalog = table_open(InheritsRelationId, AccessShareLock);
        ScanKeyData key;
        ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
        SysScanDesc scan = systable_beginscan(catalog, InheritsRelidSeqnoIndexId, true, nullptr, 1, &key);
        HeapTuple tuple = systable_getnext(scan);
        const Oid parent =
            HeapTupleIsValid(tuple) ? reinterpret_cast<Form_pg_inherits>(GETSTRUCT(tuple))->inhparent : InvalidOid;
        systable_endscan(scan);
        table_close(catalog, AccessShareLock);
        return parent;
    });
}

std::vector<Column> primary_key(Oid relation) {
    Relation opened(relation, AccessShareLock);
    std::vector<Column> key;
    const Oid index_id = call([&] {
        // Not rd_pkindex: before PostgreSQL 17 it leaves out a key that is deferrable.
        Oid found = InvalidOid;
        List *indexes = RelationGetIndexList(opened.get());
        ListCell *cell;
        foreach (cell, indexes) {
            HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));
            if (!HeapTupleIsValid(tuple))
                continue;
            if (reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple))->indisprimary)
                found = lfirst_oid(cell);
            ReleaseSysCache(tuple);
        }
        list_free(indexes);
        return found;
    });
    if (!OidIsValid(index_id))
        return key;
    Relation index(index_id, AccessShareLock);
    for (int i = 0; i < index.get()->rd_index->indnkeyatts; i++) {
        const AttrNumber number = index.get()->rd_index->indkey.values[i];
        key.push_back(column_of(TupleDescAttr(opened.descriptor(), number - 1)));
    }
    return key;
}

Oid gdpr_schema() {
    return call([] { return get_namespace_oid("gdpr", true); });
}

Oid gdpr_relation(const char *name) {
    return call([&] {
        const Oid schema = get_namespace_oid("gdpr", true);
        return OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
    });
}

Oid gdpr_type(const char *name) {
    return call([&] {
        const Oid schema = get_namespace_oid("gdpr", true);
        return OidIsValid(schema)
                   ? GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name), ObjectIdGetDatum(schema))
                   : InvalidOid;
    });
}

bool installed() { return OidIsValid(gdpr_relation("key")); }

bool is_member_of(const char *role) {
    return call([&] {
        const Oid id = get_role_oid(role, true);
        return OidIsValid(id) && has_privs_of_role(GetUserId(), id);
    });
}

void require_role(const char *role, const char *action) {
    if (is_member_of(role))
        return;
    raise(ERRCODE_INSUFFICIENT_PRIVILEGE, std::string("permission denied to ") + action,
          std::string("Only members of the role \"") + role + "\" may do this.",
          std::string("Ask a superuser to GRANT ") + role + " to your role.");
}

} // namespace gdpr::pg
