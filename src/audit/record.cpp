#include "audit/record.hpp"

#include "encrypted/value.hpp"
#include "pg/pg.hpp"
#include "pg/sequence.hpp"

namespace gdpr::audit {

namespace {

// Columns of gdpr.audit_record, in the order of tables.sql.
enum Column : AttrNumber {
    column_id = 1,
    column_at,
    column_transaction,
    column_session_role,
    column_role,
    column_application,
    column_address,
    column_relation,
    column_operation,
    column_subject_table,
    column_key,
    column_changed,
    column_content
};
constexpr int column_count = column_content;

/// Where records go. Found once, until the extension is dropped or altered.
struct Target {
    Oid table = InvalidOid;
    Oid sequence = InvalidOid;
    Oid text_type = InvalidOid;
    Oid jsonb_type = InvalidOid;
};
Target known;

const Target &target() {
    if (OidIsValid(known.table))
        return known;
    Target fresh;
    fresh.table = pg::gdpr_relation("audit_record");
    fresh.sequence = pg::gdpr_relation("audit_record_id_seq");
    fresh.text_type = pg::gdpr_type("encrypted_text");
    fresh.jsonb_type = pg::gdpr_type("encrypted_jsonb");
    if (!OidIsValid(fresh.table) || !OidIsValid(fresh.sequence))
        pg::raise(ERRCODE_UNDEFINED_TABLE, "the audit log does not exist", "A change that is not recorded is refused.",
                  "CREATE EXTENSION gdpr.");
    known = fresh;
    return known;
}

void relation_changed(Oid relation) {
    if (relation == InvalidOid || relation == known.table)
        known = Target();
}

/// Numbers that this transaction has taken ahead, more each time: a record has one, a statement may make a million.
struct Numbers {
    std::int64_t next = 0, left = 0, size = 1;
};
Numbers numbers;
constexpr std::int64_t most_ahead = 1024;

void transaction_ends(XactEvent event) {
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
        numbers = Numbers();
}

pg::AtTransactionEnd at_end(transaction_ends);

std::int64_t next_id(const Target &to) {
    if (numbers.left == 0) {
        at_end.arm();
        numbers.next = pg::take_values(to.sequence, numbers.size);
        numbers.left = numbers.size;
        numbers.size = std::min(numbers.size * 2, most_ahead);
    }
    numbers.left--;
    return numbers.next++;
}

Datum *copy_address() {
    LOCAL_FCINFO(call, 0);
    InitFunctionCallInfoData(*call, nullptr, 0, InvalidOid, nullptr, nullptr);
    const Datum address = inet_client_addr(call);
    if (call->isnull)
        return nullptr;
    auto *kept = static_cast<Datum *>(MemoryContextAlloc(TopMemoryContext, sizeof(Datum)));
    MemoryContext previous = MemoryContextSwitchTo(TopMemoryContext);
    *kept = datumCopy(address, false, -1);
    MemoryContextSwitchTo(previous);
    return kept;
}

/// The client's address, the same for the session's whole life; null for a local client.
const Datum *client_address() {
    static bool found = false;
    static Datum *address = nullptr;
    if (!found) {
        address = copy_address();
        found = true;
    }
    return address;
}

void set_role(Datum *value, NameData *place, Oid role) {
    const char *name = GetUserNameFromId(role, true); // a role may be dropped under a living session
    namestrcpy(place, name != nullptr ? name : psprintf("%u", role));
    *value = NameGetDatum(place);
}

/// A person in the form that a record has them, without destructors.
struct Person {
    Oid table;
    const char *key;
    std::size_t length;
};

/// As PostgreSQL does it for its catalogs; but the index by person has no records that name nobody. Within pg::call.
void insert_into_indexes(::Relation log, CatalogIndexState indexes, HeapTuple tuple, bool names_somebody) {
    TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(log), &TTSOpsHeapTuple);
    ExecStoreHeapTuple(tuple, slot, false);
    for (int i = 0; i < indexes->ri_NumIndices; i++) {
        ::Relation index = indexes->ri_IndexRelationDescs[i];
        IndexInfo *info = indexes->ri_IndexRelationInfo[i];
        const bool by_person = index->rd_rel->relam == GIN_AM_OID && info->ii_Predicate != NIL;
        if (!info->ii_ReadyForInserts || (by_person && !names_somebody))
            continue;
        Datum values[INDEX_MAX_KEYS];
        bool nulls[INDEX_MAX_KEYS];
        for (int key = 0; key < info->ii_NumIndexAttrs; key++)
            values[key] = slot_getattr(slot, info->ii_IndexAttrNumbers[key], &nulls[key]);
        (void)index_insert(index, values, nulls, &tuple->t_self, log,
                           index->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, false, info);
    }
    ExecDropSingleTupleTableSlot(slot);
}

/// Runs inside pg::call.
void insert(const Target &to, std::int64_t id, const Record &record, Oid role, const Person *people, int count) {
    Datum values[column_count] = {};
    bool nulls[column_count] = {};
    const auto set = [&](Column column, Datum value) { values[column - 1] = value; };
    const auto set_null = [&](Column column) { nulls[column - 1] = true; };
    NameData session_name, role_name;

    set(column_id, Int64GetDatum(id));
    set(column_at, TimestampTzGetDatum(GetCurrentStatementStartTimestamp()));
    set(column_transaction, FullTransactionIdGetDatum(GetTopFullTransactionId()));
    set_role(&values[column_session_role - 1], &session_name, GetSessionUserId());
    set_role(&values[column_role - 1], &role_name, role);
    if (application_name != nullptr && application_name[0] != '\0')
        set(column_application, CStringGetTextDatum(application_name));
    else
        set_null(column_application);
    if (const Datum *address = client_address(); address != nullptr)
        set(column_address, *address);
    else
        set_null(column_address);
    set(column_relation, ObjectIdGetDatum(record.relation));
    set(column_operation, CStringGetTextDatum(record.operation));
    if (record.changed != nullptr)
        set(column_changed, PointerGetDatum(record.changed));
    else
        set_null(column_changed);

    ::Relation log = table_open(to.table, RowExclusiveLock);
    CatalogIndexState indexes = CatalogOpenIndexes(log);
    for (int i = 0; i < (count > 0 ? count : 1); i++) {
        const Person *person = count > 0 ? &people[i] : nullptr;
        nulls[column_subject_table - 1] = person == nullptr;
        nulls[column_key - 1] = person == nullptr || person->key == nullptr;
        nulls[column_content - 1] = record.content == nullptr;
        if (person != nullptr)
            set(column_subject_table, ObjectIdGetDatum(person->table));
        if (!nulls[column_key - 1])
            set(column_key,
                encrypted::seal(encrypted::type_of(to.text_type), PointerGetDatum(cstring_to_text_with_len(
                                                                      person->key, static_cast<int>(person->length)))));
        // Sealed for each person anew: equal ciphertext would show which people a row joins.
        if (record.content != nullptr)
            set(column_content, encrypted::seal(encrypted::type_of(to.jsonb_type), PointerGetDatum(record.content)));
        HeapTuple tuple = heap_form_tuple(RelationGetDescr(log), values, nulls);
        simple_heap_insert(log, tuple);
        insert_into_indexes(log, indexes, tuple, !nulls[column_key - 1]);
        heap_freetuple(tuple);
    }
    CatalogCloseIndexes(indexes);
    table_close(log, NoLock);
}

} // namespace

void write(const Record &record, const std::vector<subject::Subject> &people) {
    const Target to = target();
    const Oid role = OidIsValid(record.role) ? record.role : pg::acting_user();
    std::vector<Person> plain;
    plain.reserve(people.size());
    for (const subject::Subject &each : people)
        plain.push_back({each.table, each.key.empty() || nameless(each) ? nullptr : each.key.data(), each.key.size()});
    const std::int64_t id = next_id(to);
    pg::call([&] { insert(to, id, record, role, plain.data(), static_cast<int>(plain.size())); });
}

void init_records() { pg::on_relation_change(relation_changed); }

} // namespace gdpr::audit
