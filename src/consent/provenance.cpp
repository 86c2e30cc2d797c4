// The trigger of subject tables: where a new person came from, and the end of what is kept when the row goes.
#include "consent/consent.hpp"
#include "consent/records.hpp"
#include "pg/pg.hpp"
#include "subject/owner.hpp"
#include "subject/personal.hpp"

namespace gdpr::consent {

namespace {

constexpr const char *row_trigger = "gdpr_provenance";
constexpr const char *truncate_trigger = "gdpr_provenance_truncate";
constexpr const char *trigger_function = "record_provenance";

bool is_partition(Oid relation) {
    return pg::call([&] { return get_rel_relispartition(relation); });
}

/// The table and its inheritance children, which inherit no triggers; partitions do.
std::vector<Oid> tables_of(Oid subject_table) {
    List *heirs = pg::call([&] { return find_all_inheritors(subject_table, AccessShareLock, nullptr); });
    std::vector<Oid> tables;
    ListCell *cell;
    foreach (cell, heirs)
        if (const Oid heir = lfirst_oid(cell); !is_partition(heir))
            tables.push_back(heir);
    return tables;
}

bool has_trigger_named(Oid relation, const char *name) {
    return pg::call([&] { return OidIsValid(get_trigger_oid(relation, name, true)); });
}

void plan_trigger(Oid relation, const char *name, const char *events, const char *level, apply::Actions &actions) {
    if (apply::has_trigger(relation, name, trigger_function))
        return;
    const std::string table = pg::relation_name(relation);
    if (has_trigger_named(relation, name)) // another's, or disabled
        actions.push_back({relation, "drop provenance trigger", std::string("DROP TRIGGER ") + name + " ON " + table});
    actions.push_back({relation, "create provenance trigger",
                       std::string("CREATE TRIGGER ") + name + " AFTER " + events + " ON " + table + level +
                           " EXECUTE FUNCTION gdpr." + trigger_function + "()"});
    actions.push_back(
        {relation, "create provenance trigger", "ALTER TABLE " + table + " ENABLE ALWAYS TRIGGER " + name});
}

// What one statement's firings share; it lives in fn_extra, so it holds plain data only.
struct Fired {
    std::uint64_t generation;
    bool subject;
    bool key_unique; // the primary key spans all of the subject table's rows
    int key_count;
    AttrNumber key[INDEX_MAX_KEYS];
};

const Fired &fired(FunctionCallInfo fcinfo, ::Relation relation) {
    auto *known = static_cast<Fired *>(fcinfo->flinfo->fn_extra);
    if (known != nullptr && known->generation == subject::generation())
        return *known;
    auto *fresh =
        static_cast<Fired *>(pg::call([&] { return MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Fired)); }));
    const Oid id = relation->rd_id;
    fresh->generation = subject::generation();
    fresh->subject = subject::is_subject(id);
    // Inheritance children have primary keys of their own, if any.
    fresh->key_unique = fresh->subject && (relation->rd_rel->relispartition ||
                                           (subject::node_of(id) == id && !relation->rd_rel->relhassubclass));
    if (fresh->subject)
        for (const AttrNumber column : subject::owner_columns(id))
            fresh->key[fresh->key_count++] = column;
    fcinfo->flinfo->fn_extra = fresh;
    return *fresh;
}

bool same_key(const Fired &fired, TupleTableSlot *one, TupleTableSlot *other) {
    return pg::call([&] {
        for (int i = 0; i < fired.key_count; i++) {
            bool one_null, other_null;
            const Datum before = slot_getattr(one, fired.key[i], &one_null);
            const Datum after = slot_getattr(other, fired.key[i], &other_null);
            Form_pg_attribute column = TupleDescAttr(one->tts_tupleDescriptor, fired.key[i] - 1);
            if (one_null != other_null ||
                (!one_null && !datum_image_eq(before, after, column->attbyval, column->attlen)))
                return false;
        }
        return true;
    });
}

std::optional<subject::Subject> person(Oid relation, TupleTableSlot *row) {
    std::vector<subject::Subject> owners = subject::owners_of(relation, row);
    return owners.empty() ? std::nullopt : std::optional(owners.front());
}

/// The command that wrote this version of a row; InvalidCommandId where that was not this transaction.
CommandId written_by(HeapTuple row) {
    const HeapTupleHeader header = row->t_data;
    return TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(header)) ? HeapTupleHeaderGetCmin(header)
                                                                               : InvalidCommandId;
}

/// The command that removed this version of a row.
CommandId removed_by(HeapTuple row) {
    const HeapTupleHeader header = row->t_data;
    return !(header->t_infomask & HEAP_XMAX_INVALID) &&
                   TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetUpdateXid(header))
               ? HeapTupleHeaderGetCmax(header)
               : InvalidCommandId;
}

/// A row on its way to another partition is deleted here and inserted there, the one right after the other.
struct Move {
    subject::Subject from;
    CommandId command;
    TransactionId transaction;
};
std::optional<Move> *on_its_way = nullptr;

void end(const subject::Subject &subject, CommandId since) {
    (void)subject::close_personal(subject, since);
    close_restrictions(subject, since);
}

void inserted(const Fired &fired, TriggerData *data) {
    const auto subject = person(data->tg_relation->rd_id, data->tg_trigslot);
    if (!subject)
        return;
    const CommandId command = pg::call([&] { return written_by(data->tg_trigtuple); });
    if (on_its_way != nullptr && *on_its_way) {
        const Move move = std::move(**on_its_way);
        on_its_way->reset();
        if (move.transaction == GetTopTransactionIdIfAny() && move.command == command &&
            move.from.table == subject->table) {
            if (move.from != *subject)
                carry_over(move.from, *subject, command);
            return;
        }
    }
    // Whatever is there under this key is an earlier bearer's whose row went without our trigger: a partition was
    // dropped, or the table was not yet protected.
    if (fired.key_unique)
        (void)subject::close_personal(*subject, command);
    else if (has_source(*subject))
        return;
    record_source(*subject, current_source(command, !data->tg_relation->rd_rel->relispartition));
}

void updated(const Fired &fired, TriggerData *data) {
    if (same_key(fired, data->tg_trigslot, data->tg_newslot))
        return;
    const auto from = person(data->tg_relation->rd_id, data->tg_trigslot);
    const auto to = person(data->tg_relation->rd_id, data->tg_newslot);
    if (from && to && *from != *to)
        carry_over(*from, *to, pg::call([&] { return written_by(data->tg_newtuple); }));
}

void deleted(TriggerData *data) {
    const auto subject = person(data->tg_relation->rd_id, data->tg_trigslot);
    if (!subject)
        return;
    const CommandId command = pg::call([&] { return removed_by(data->tg_trigtuple); });
    if (HeapTupleHeaderIndicatesMovedPartitions(data->tg_trigtuple->t_data)) {
        if (on_its_way == nullptr)
            on_its_way = new std::optional<Move>;
        *on_its_way = Move{*subject, command, GetTopTransactionIdIfAny()};
        return;
    }
    end(*subject, command);
}

void truncated(::Relation relation) {
    // Of an inheritance tree a part may be left; whoever is inserted under an old key starts anew all the same.
    if (subject::is_subject(relation->rd_id) && subject::node_of(relation->rd_id) == relation->rd_id &&
        (relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE || !relation->rd_rel->relhassubclass))
        close_all(relation->rd_id);
}

} // namespace

bool watched(Oid subject_table) {
    const std::vector<Oid> tables = tables_of(subject_table);
    return std::all_of(tables.begin(), tables.end(),
                       [](Oid table) { return apply::has_trigger(table, row_trigger, trigger_function); });
}

void plan_provenance(Oid relation, apply::Actions &actions) {
    if (is_partition(relation))
        return;
    const bool subject = subject::is_subject(relation);
    if (subject && subject::node_of(relation) == relation) {
        for (const Oid table : tables_of(relation)) {
            plan_trigger(table, row_trigger, "INSERT OR UPDATE OR DELETE", " FOR EACH ROW", actions);
            plan_trigger(table, truncate_trigger, "TRUNCATE", " FOR EACH STATEMENT", actions);
        }
        return;
    }
    for (const char *name : {row_trigger, truncate_trigger})
        if (!subject && has_trigger_named(relation, name))
            actions.push_back({relation, "drop provenance trigger",
                               std::string("DROP TRIGGER ") + name + " ON " + pg::relation_name(relation)});
}

} // namespace gdpr::consent

using namespace gdpr;

GDPR_FUNCTION(gdpr_record_provenance) {
    auto *data = reinterpret_cast<TriggerData *>(fcinfo->context);
    if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event))
        pg::raise(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
                  "gdpr.record_provenance() was not called as an AFTER trigger", "",
                  "gdpr.apply() makes the triggers.");
    if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event)) {
        consent::truncated(data->tg_relation);
        PG_RETURN_POINTER(nullptr);
    }
    if (!TRIGGER_FIRED_FOR_ROW(data->tg_event))
        PG_RETURN_POINTER(nullptr);
    const consent::Fired &fired = consent::fired(fcinfo, data->tg_relation);
    if (!fired.subject)
        PG_RETURN_POINTER(nullptr);
    if (TRIGGER_FIRED_BY_INSERT(data->tg_event))
        consent::inserted(fired, data);
    else if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
        consent::updated(fired, data);
    else
        consent::deleted(data);
    PG_RETURN_POINTER(nullptr);
}
