#include "consent/records.hpp"

#include "consent/consent.hpp"
#include "consent/consenting.hpp"
#include "encrypted/value.hpp"
#include "pg/pg.hpp"
#include "subject/personal.hpp"

namespace gdpr::consent {

namespace {

// Columns in the order of tables.sql; a later version only appends.
enum EventColumn : AttrNumber {
    event_id = 1,
    event_table,
    event_key,
    event_purpose,
    event_given,
    event_evidence,
    event_at,
    event_role,
    event_until,
    event_wording
};
enum BasisColumn : AttrNumber {
    basis_id = 1,
    basis_scope,
    basis_table,
    basis_key,
    basis_purpose,
    basis_basis,
    basis_former,
    basis_note,
    basis_at,
    basis_role
};
enum SourceColumn : AttrNumber {
    source_table = 1,
    source_key,
    source_kind,
    source_name,
    source_address,
    source_at,
    source_role,
    source_line,
    source_due,
    source_further
};

/// The tables and how to find rows in them: planned once, and again when one of them changes.
struct Tables {
    Oid event = pg::gdpr_relation("consent_event");
    Oid basis = pg::gdpr_relation("basis_event");
    Oid source = pg::gdpr_relation("provenance_record");
    Oid restriction = pg::gdpr_relation("restriction");
    Oid objection = pg::gdpr_relation("objection");
    Oid text = pg::gdpr_type("encrypted_text");
    pg::Lookup events_of_both{event, {event_table, event_key, event_purpose}, {OIDOID, TEXTOID, TEXTOID}};
    pg::Lookup events_to_purpose{event, {event_purpose}, {TEXTOID}};
    pg::Lookup bases_of_both{basis, {basis_table, basis_key, basis_purpose}, {OIDOID, TEXTOID, TEXTOID}};
    pg::Lookup bases_of_purpose{basis, {basis_purpose}, {TEXTOID}};
    pg::Lookup sources{source, {source_table, source_key}, {OIDOID, TEXTOID}};
    pg::Lookup restrictions{
        restriction, {column(restriction, "subject_table"), column(restriction, "key")}, {OIDOID, TEXTOID}};
    pg::Lookup objections{objection, {column(objection, "subject_table"), column(objection, "key")}, {OIDOID, TEXTOID}};

    static AttrNumber column(Oid relation, const char *name) {
        return pg::call([&] { return get_attnum(relation, name); });
    }
};

std::shared_ptr<const Tables> *cached = nullptr;
// What the invalidation callback knows: it may neither look anything up nor free.
std::array<Oid, 5> watched{};
bool stale = true;

void relation_changed(Oid relation) {
    if (!OidIsValid(relation) || std::find(watched.begin(), watched.end(), relation) != watched.end())
        stale = true;
}

/// Shared, because an invalidation may arrive while they are in use.
std::shared_ptr<const Tables> tables() {
    if (cached == nullptr)
        cached = new std::shared_ptr<const Tables>;
    if (stale || *cached == nullptr) {
        watched = {pg::gdpr_relation("consent_event"), pg::gdpr_relation("provenance_record"),
                   pg::gdpr_relation("restriction"), pg::gdpr_relation("objection"), pg::gdpr_relation("basis_event")};
        stale = false; // what changes while we look makes it stale again
        cached->reset();
        *cached = std::make_shared<const Tables>();
    }
    return *cached;
}

std::vector<std::optional<Datum>> person(const subject::Subject &subject) {
    return {ObjectIdGetDatum(subject.table), pg::text_datum(subject.key)};
}

Datum sealed(const Tables &tables, std::string_view text) {
    const Datum plain = pg::text_datum(text);
    return pg::call([&] { return encrypted::seal(encrypted::type_of(tables.text), plain); });
}

/// Restrictions and objections are changed by SQL, so that the triggers of their tables tell every session.
void change_kept(const pg::Lookup &lookup, const subject::Subject &subject, CommandId since,
                 const std::string &statement, const std::optional<pg::Param> &value = std::nullopt) {
    const std::vector<HeapTuple> found = subject::rows_of_person(lookup, subject, since);
    if (found.empty())
        return;
    const pg::Relation relation(lookup.relation(), RowExclusiveLock);
    const AttrNumber number = Tables::column(lookup.relation(), "id");
    const pg::OwnerScope scope(lookup.relation());
    pg::Spi spi;
    for (HeapTuple row : found) {
        bool null;
        const Datum id = pg::call([&] { return heap_getattr(row, number, relation.descriptor(), &null); });
        std::vector<pg::Param> params{pg::param(INT8OID, id)};
        if (value)
            params.push_back(*value);
        (void)spi.run(statement, params);
    }
}

/// Within one month (Art. 14(3)(a)).
TimestampTz month_after(TimestampTz at) {
    static TimestampTz known = 0, due = 0;
    if (known != at) {
        due = DatumGetTimestampTz(pg::call([&] {
            Interval month{0, 0, 1};
            return DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(at), PointerGetDatum(&month));
        }));
        known = at;
    }
    return due;
}

} // namespace

void record_source(const subject::Subject &subject, const Source &source, bool further) {
    const std::shared_ptr<const Tables> all = tables();
    const pg::Relation relation(all->source, RowExclusiveLock);
    Datum values[source_further] = {};
    bool nulls[source_further] = {};
    values[source_table - 1] = ObjectIdGetDatum(subject.table);
    values[source_key - 1] = sealed(*all, subject.key);
    values[source_kind - 1] = pg::text_datum(source.kind);
    const auto set = [&](SourceColumn column, const std::optional<std::string> &text) {
        nulls[column - 1] = !text;
        if (text)
            values[column - 1] = sealed(*all, *text);
    };
    set(source_name, source.name);
    set(source_address, source.address);
    const TimestampTz now = GetCurrentTransactionStartTimestamp();
    values[source_at - 1] = TimestampTzGetDatum(now);
    nulls[source_line - 1] = !source.line;
    values[source_line - 1] = Int64GetDatum(source.line.value_or(0));
    nulls[source_due - 1] = !source.from_others();
    if (source.from_others())
        values[source_due - 1] = TimestampTzGetDatum(month_after(now));
    values[source_further - 1] = BoolGetDatum(further);
    pg::call([&] {
        NameData role;
        namestrcpy(&role, GetUserNameFromId(GetUserId(), false));
        values[source_role - 1] = NameGetDatum(&role);
        CatalogTupleInsert(relation.get(), heap_form_tuple(relation.descriptor(), values, nulls));
    });
}

bool has_source(const subject::Subject &subject) {
    const std::shared_ptr<const Tables> all = tables();
    const std::vector<HeapTuple> rows = subject::rows_of_person(all->sources, subject, InvalidCommandId);
    const pg::Relation relation(all->source, AccessShareLock);
    return std::any_of(rows.begin(), rows.end(), [&](HeapTuple row) {
        bool null;
        return !DatumGetBool(pg::call([&] { return heap_getattr(row, source_further, relation.descriptor(), &null); }));
    });
}

std::optional<TimestampTz> known_since(const subject::Subject &subject) {
    std::optional<TimestampTz> first;
    const std::shared_ptr<const Tables> all = tables();
    const pg::NewestSnapshot newest(all->source);
    all->sources.each(person(subject), newest.get(), [&](TupleTableSlot *slot) {
        bool null;
        if (DatumGetBool(pg::call([&] { return slot_getattr(slot, source_further, &null); })))
            return true;
        const TimestampTz at = DatumGetTimestampTz(pg::call([&] { return slot_getattr(slot, source_at, &null); }));
        first = std::min(first.value_or(at), at);
        return true;
    });
    return first;
}

void carry_over(const subject::Subject &from, const subject::Subject &to, CommandId since) {
    subject::carry_over_personal(from, to, since);
    const std::shared_ptr<const Tables> all = tables();
    change_kept(all->restrictions, from, since, "UPDATE gdpr.restriction SET key = $2 WHERE id = $1",
                pg::param(to.key));
    change_kept(all->objections, from, since, "UPDATE gdpr.objection SET key = $2 WHERE id = $1", pg::param(to.key));
}

void close_restrictions(const subject::Subject &subject, CommandId since) {
    const std::shared_ptr<const Tables> all = tables();
    change_kept(all->restrictions, subject, since, "DELETE FROM gdpr.restriction WHERE id = $1 AND kind = $2",
                pg::param("request"));
    change_kept(all->objections, subject, since, "DELETE FROM gdpr.objection WHERE id = $1");
}

namespace {

/// An event without its key, which is sealed.
Event event_in(TupleTableSlot *slot) {
    Event event{};
    pg::call([&] {
        bool null;
        event.id = DatumGetInt64(slot_getattr(slot, event_id, &null));
        event.table = DatumGetObjectId(slot_getattr(slot, event_table, &null));
        event.given = DatumGetBool(slot_getattr(slot, event_given, &null));
        const Datum until = slot_getattr(slot, event_until, &null);
        event.until = null ? DT_NOEND : DatumGetTimestampTz(until);
    });
    return event;
}

/// What a sealed key says; nothing where there is none.
std::optional<std::string> key_in(const Tables &tables, TupleTableSlot *slot, AttrNumber column) {
    bool null;
    const Datum sealed_key = pg::call([&] { return slot_getattr(slot, column, &null); });
    if (null)
        return std::nullopt;
    const Datum key = pg::call([&] { return encrypted::open(encrypted::type_of(tables.text), sealed_key); });
    std::string text = pg::to_string(key);
    pfree(DatumGetPointer(key));
    return text;
}

} // namespace

std::optional<Event> newest_event(const subject::Subject &subject, const std::string &purpose, Snapshot snapshot) {
    std::optional<Event> newest;
    std::vector<std::optional<Datum>> values = person(subject);
    values.emplace_back(pg::text_datum(purpose));
    tables()->events_of_both.each(values, snapshot, [&](TupleTableSlot *slot) {
        if (Event event = event_in(slot); !newest || event.id > newest->id)
            newest = std::move(event);
        return true;
    });
    return newest;
}

bool each_event(const std::string &purpose, Snapshot snapshot, const std::function<bool(const Event &)> &visit) {
    const std::shared_ptr<const Tables> all = tables();
    bool go_on = true;
    all->events_to_purpose.each({pg::text_datum(purpose)}, snapshot, [&](TupleTableSlot *slot) {
        std::optional<std::string> key = key_in(*all, slot, event_key);
        if (!key)
            return true;
        Event event = event_in(slot);
        event.key = std::move(*key);
        return go_on = visit(event);
    });
    return go_on;
}

namespace {

/// The word of the basis in a row; empty where it is null.
std::string basis_in(TupleTableSlot *slot) {
    bool null;
    const Datum basis = pg::call([&] { return slot_getattr(slot, basis_basis, &null); });
    return null ? std::string()
                : std::string(pg::call([&] { return DatumGetCString(DirectFunctionCall1(enum_out, basis)); }));
}

std::int64_t basis_id_in(TupleTableSlot *slot) {
    bool null;
    return DatumGetInt64(pg::call([&] { return slot_getattr(slot, basis_id, &null); }));
}

/// Is it about a person, or a subject table; not about the purpose itself, or somebody who is gone?
enum class Scope { other, relation, person };
Scope scope_in(TupleTableSlot *slot) {
    bool null;
    const std::string scope = pg::to_string(pg::call([&] { return slot_getattr(slot, basis_scope, &null); }));
    return scope == "relation" ? Scope::relation : scope == "person" ? Scope::person : Scope::other;
}

} // namespace

bool each_basis(const std::string &purpose, Snapshot snapshot, const std::function<bool(const BasisEvent &)> &visit) {
    const std::shared_ptr<const Tables> all = tables();
    bool go_on = true;
    all->bases_of_purpose.each({pg::text_datum(purpose)}, snapshot, [&](TupleTableSlot *slot) {
        const Scope scope = scope_in(slot);
        std::optional<std::string> key = key_in(*all, slot, basis_key);
        if (scope == Scope::other || (scope == Scope::person) != key.has_value())
            return true;
        bool null;
        const Oid table = DatumGetObjectId(pg::call([&] { return slot_getattr(slot, basis_table, &null); }));
        return go_on = visit({basis_id_in(slot), table, std::move(key), basis_in(slot)});
    });
    return go_on;
}

bool has_bases(const std::string &purpose) {
    std::map<std::pair<Oid, std::optional<std::string>>, std::pair<std::int64_t, bool>> newest;
    const pg::NewestSnapshot snapshot(pg::gdpr_relation("basis_event"));
    (void)each_basis(purpose, snapshot.get(), [&](const BasisEvent &event) {
        auto &state = newest[{event.table, event.key}];
        if (event.id > state.first)
            state = {event.id, !event.basis.empty()};
        return true;
    });
    return std::any_of(newest.begin(), newest.end(), [](const auto &each) { return each.second.second; });
}

std::string newest_basis(const subject::Subject &subject, const std::string &purpose, Snapshot snapshot) {
    std::string basis;
    std::int64_t newest = 0;
    std::vector<std::optional<Datum>> values = person(subject);
    values.emplace_back(pg::text_datum(purpose));
    tables()->bases_of_both.each(values, snapshot, [&](TupleTableSlot *slot) {
        if (const std::int64_t id = basis_id_in(slot); id > newest) {
            newest = id;
            basis = basis_in(slot);
        }
        return true;
    });
    return basis;
}

bool has_events(const std::string &purpose) {
    bool any = false;
    const std::shared_ptr<const Tables> all = tables();
    const pg::NewestSnapshot newest(all->event);
    all->events_to_purpose.each({pg::text_datum(purpose)}, newest.get(),
                                [&](TupleTableSlot *) { return any = true, false; });
    return any;
}

void init_records() {
    subject::keep_of_people({"consent_event", {{"evidence"}}, consent_changed});
    subject::keep_of_people({"notice", std::vector<std::string>{}});
    subject::keep_of_people({"basis_event", {{"note"}}, consent_changed});
    subject::keep_of_people({"disclosure", {{"reference"}}});
    subject::keep_of_people({"provenance_record", std::nullopt, nullptr, "provenance"});
    pg::on_relation_change(relation_changed);
}

} // namespace gdpr::consent
