// The blocklist: identifiers of forgotten people as keyed hashes, and the trigger gdpr_blocklist that recognises one.
#include "rights/blocklist.hpp"

#include "encrypted/literal.hpp"
#include "journal/journal.hpp"
#include "key/key.hpp"
#include "label/label.hpp"
#include "pg/pg.hpp"
#include "rights/rights.hpp"

namespace gdpr::rights {

namespace {

constexpr const char *trigger_name = "gdpr_blocklist";
constexpr const char *trigger_function = "blocklist_check";

enum class Reaction { warn, reject, log };
int reaction = static_cast<int>(Reaction::warn);
const config_enum_entry reactions[] = {{"warn", static_cast<int>(Reaction::warn), false},
                                       {"reject", static_cast<int>(Reaction::reject), false},
                                       {"log", static_cast<int>(Reaction::log), false},
                                       {nullptr, 0, false}};

// The list and how to look into it, until the extension is dropped and made again.
struct Blocklist {
    Oid relation = InvalidOid;
    std::optional<pg::Lookup> lookup;
};
Blocklist *list = nullptr;
bool stale = true;

void relation_changed(Oid relation) {
    if (list == nullptr || relation == InvalidOid || relation == list->relation)
        stale = true;
}

std::string_view as_text(const cipher::Digest &digest) {
    return {reinterpret_cast<const char *>(digest.data()), digest.size()};
}

cipher::Digest hash_of(const Identifier &identifier) {
    return identifier_hash(identifier, key::active(key::Use::blocklist).id);
}

const Blocklist &opened_list() {
    if (list == nullptr)
        list = new Blocklist;
    if (stale) {
        stale = false;
        list->relation = pg::gdpr_relation("blocklist");
        list->lookup.reset();
        if (OidIsValid(list->relation)) {
            const AttrNumber hash = pg::call([] { return get_attnum(list->relation, "hash"); });
            list->lookup.emplace(list->relation, std::vector<AttrNumber>{hash}, std::vector<Oid>{BYTEAOID});
        }
    }
    return *list;
}

/// Cheap enough for every row: nobody forgotten, nothing to look for.
bool empty(const Blocklist &blocklist) {
    if (!blocklist.lookup)
        return true;
    const pg::Relation opened(blocklist.relation, AccessShareLock);
    return pg::call([&] { return RelationGetNumberOfBlocks(opened.get()); }) == 0;
}

bool listed(const Blocklist &blocklist, const Identifier &identifier) {
    const Datum hash = pg::text_datum(as_text(hash_of(identifier)));
    // The newest snapshot: who was forgotten since this transaction began is forgotten.
    const pg::NewestSnapshot newest(blocklist.relation);
    bool found = false;
    blocklist.lookup->each({hash}, newest.get(), [&](TupleTableSlot *row) {
        found = pg::call([&] {
            bool null;
            const AttrNumber number = get_attnum(list->relation, "until");
            const Datum until = slot_getattr(row, number, &null);
            return null || DatumGetTimestampTz(until) > GetCurrentTransactionStartTimestamp();
        });
        return !found;
    });
    return found;
}

void react(Oid relation, const std::string &column) {
    const std::string detail =
        "Column " + pg::quote(column) + " of " + pg::relation_name(relation) + " was given an identifier of theirs.";
    const int action = reaction;
    pg::call([&] {
        const int level = action == static_cast<int>(Reaction::reject) ? ERROR
                          : action == static_cast<int>(Reaction::warn) ? WARNING
                                                                       : LOG_SERVER_ONLY;
        ereport(level, (errcode(level == ERROR ? ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION : ERRCODE_WARNING),
                        errmsg("this person asked to be forgotten"), errdetail("%s", detail.c_str()),
                        errhint("Do not store them unless they agreed anew; then an officer lifts the block with "
                                "gdpr.unblock().")));
    });
}

std::optional<std::string> text_of(HeapTuple row, TupleDesc descriptor, AttrNumber number) {
    const char *text = pg::call([&]() -> const char * {
        bool null;
        const Datum value = heap_getattr(row, number, descriptor, &null);
        if (null)
            return nullptr;
        Oid output;
        bool variable;
        getTypeOutputInfo(TupleDescAttr(descriptor, number - 1)->atttypid, &output, &variable);
        return OidOutputFunctionCall(output, value);
    });
    return text == nullptr ? std::nullopt : std::optional<std::string>(text);
}

void check(const TriggerData *trigger) {
    const Blocklist &blocklist = opened_list();
    if (empty(blocklist))
        return;
    const Oid relation = RelationGetRelid(trigger->tg_relation);
    const TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
    const bool update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
    const pg::TemporaryContext context("gdpr blocklist");
    const encrypted::PlainOutput plain;
    const label::Labels labels = label::of(relation);
    for (const label::LabelledColumn &each : labels.columns) {
        if (!each.label.identifier)
            continue;
        const auto given = text_of(update ? trigger->tg_newtuple : trigger->tg_trigtuple, descriptor, each.number);
        if (!given || (update && given == text_of(trigger->tg_trigtuple, descriptor, each.number)))
            continue;
        if (const Identifier one = identifier(*given); !one.value.empty() && listed(blocklist, one))
            react(relation, each.name);
    }
}

/// The relation and the children that inherit from it; partitions have their parent's trigger.
std::vector<Oid> own_triggers_on(Oid relation) {
    std::vector<Oid> out;
    List *heirs = pg::call([&] { return find_all_inheritors(relation, AccessShareLock, nullptr); });
    ListCell *cell;
    foreach (cell, heirs)
        if (lfirst_oid(cell) == relation || !pg::call([&] { return get_rel_relispartition(lfirst_oid(cell)); }))
            out.push_back(lfirst_oid(cell));
    return out;
}

/// The columns that a trigger of ours names, in order of number; nullopt where there is no such trigger.
std::optional<std::vector<AttrNumber>> watched(Oid relation) {
    if (!apply::has_trigger(relation, trigger_name, trigger_function))
        return std::nullopt;
    const pg::Relation opened(relation, AccessShareLock);
    const TriggerDesc *triggers = opened.get()->trigdesc;
    for (int i = 0; i < triggers->numtriggers; i++)
        if (std::string_view(triggers->triggers[i].tgname) == trigger_name) {
            const Trigger &trigger = triggers->triggers[i];
            std::vector<AttrNumber> columns(trigger.tgattr, trigger.tgattr + trigger.tgnattr);
            std::sort(columns.begin(), columns.end());
            return columns;
        }
    return std::nullopt;
}

bool any_trigger_of_the_name(Oid relation) {
    const pg::Relation opened(relation, AccessShareLock);
    const TriggerDesc *triggers = opened.get()->trigdesc;
    return triggers != nullptr &&
           std::any_of(triggers->triggers, triggers->triggers + triggers->numtriggers,
                       [](const Trigger &trigger) { return trigger_name == std::string_view(trigger.tgname); });
}

} // namespace

std::uint64_t block(const std::set<Identifier> &identifiers, std::string_view ground, bool add) {
    const Blocklist &blocklist = opened_list();
    const bool none = empty(blocklist);
    std::uint64_t missing = 0;
    for (const Identifier &each : identifiers) {
        if (each.value.empty() || (!none && listed(blocklist, each)))
            continue;
        missing++;
        if (!add)
            continue;
        const pg::OwnerScope scope(blocklist.relation);
        pg::Spi spi;
        (void)spi.run("INSERT INTO gdpr.blocklist (hash, kind, normaliser, key_id, ground) VALUES ($1, $2, $3, $4, $5)",
                      {pg::param_bytes(as_text(hash_of(each))), pg::param(to_string(each.kind)),
                       pg::param(static_cast<std::int32_t>(normaliser)),
                       pg::param(static_cast<std::int64_t>(key::active(key::Use::blocklist).id)), pg::param(ground)});
    }
    return missing;
}

cipher::Digest identifier_hash(const Identifier &identifier, std::uint32_t key_id) {
    return cipher::hmac_sha256(
        key::find(key_id).secret,
        cipher::bytes("identifier " + std::string(to_string(identifier.kind)) + '\0' + identifier.value));
}

std::uint64_t restore_block(const cipher::Digest &hash, const journal::Entry &entry) {
    const pg::OwnerScope scope(pg::gdpr_relation("blocklist"));
    pg::Spi spi;
    return spi
        .run("INSERT INTO gdpr.blocklist (hash, kind, normaliser, key_id, ground, since)"
             " SELECT $1, $2, $3, $4, 'erasure', $5"
             "  WHERE NOT EXISTS (SELECT FROM gdpr.blocklist WHERE hash = $1)",
             {pg::param_bytes(as_text(hash)), pg::param(entry.identifiers[0].kind),
              pg::param(static_cast<std::int32_t>(entry.normaliser)),
              pg::param(static_cast<std::int64_t>(entry.identifier_key)),
              pg::param(TIMESTAMPTZOID, TimestampTzGetDatum(entry.at))})
        .processed();
}

std::uint64_t lift_block(const cipher::Digest &hash, std::int64_t at) {
    const pg::OwnerScope scope(pg::gdpr_relation("blocklist"));
    pg::Spi spi;
    return spi
        .run("DELETE FROM gdpr.blocklist WHERE hash = $1 AND since <= $2",
             {pg::param_bytes(as_text(hash)), pg::param(TIMESTAMPTZOID, TimestampTzGetDatum(at))})
        .processed();
}

void plan_blocklist(Oid relation, apply::Actions &actions) {
    if (const Oid labelled = label::of(relation).labelled; OidIsValid(labelled) && labelled != relation)
        return; // planned with the table it inherits from
    for (const Oid each : own_triggers_on(relation)) {
        const label::Labels labels = label::of(each);
        std::vector<AttrNumber> wanted;
        std::string columns;
        bool needed = false;
        for (const label::LabelledColumn &column : labels.columns) {
            needed = needed || column.label.identifier;
            // A heir's trigger names no columns: its parent's would not be free to change their type.
            if (!column.label.identifier || each != relation)
                continue;
            wanted.push_back(column.number);
            columns += (columns.empty() ? " OF " : ", ") + pg::quote(column.name);
        }
        std::sort(wanted.begin(), wanted.end());
        if (needed ? watched(each) == wanted : !any_trigger_of_the_name(each))
            continue;
        const std::string name = pg::relation_name(each);
        const std::string drop = std::string("DROP TRIGGER ") + trigger_name + " ON " + name;
        if (any_trigger_of_the_name(each) &&
            std::none_of(actions.begin(), actions.end(),
                         [&](const apply::Action &planned) { return planned.statement == drop; }))
            actions.push_back({each, "drop blocklist trigger", drop});
        if (!needed)
            continue;
        // After the row is stored: what a BEFORE trigger of the owner made of it is what counts.
        actions.push_back({each, "create blocklist trigger",
                           std::string("CREATE TRIGGER ") + trigger_name + " AFTER INSERT OR UPDATE" + columns +
                               " ON " + name + " FOR EACH ROW EXECUTE FUNCTION gdpr." + trigger_function + "()"});
        actions.push_back(
            {each, "enable blocklist trigger", "ALTER TABLE " + name + " ENABLE ALWAYS TRIGGER " + trigger_name});
    }
}

void init_blocklist() {
    DefineCustomEnumVariable("gdpr.blocklist_action", "What happens when a forgotten person comes back.",
                             "warn tells the client, reject refuses the row, log tells the server log alone.",
                             &reaction, static_cast<int>(Reaction::warn), reactions, PGC_SUSET, 0, nullptr, nullptr,
                             nullptr);
    pg::on_relation_change(relation_changed);
}

} // namespace gdpr::rights

using namespace gdpr;

GDPR_FUNCTION(gdpr_blocklist_check) {
    if (!CALLED_AS_TRIGGER(fcinfo))
        pg::raise(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "gdpr.blocklist_check() must be called as a trigger");
    rights::check(reinterpret_cast<const TriggerData *>(fcinfo->context));
    return PointerGetDatum(nullptr);
}

GDPR_FUNCTION(gdpr_unblock) {
    pg::require_role("gdpr_officer", "lift a block");
    const rights::Identifier one = rights::identifier(pg::to_string(PG_GETARG_DATUM(0)));
    const std::string reason = pg::to_string(PG_GETARG_DATUM(1));
    if (rights::empty(rights::opened_list()))
        PG_RETURN_INT64(0);
    const pg::OwnerScope scope(pg::gdpr_relation("blocklist"));
    pg::Spi spi;
    const auto lifted = static_cast<std::int64_t>(
        spi.run("DELETE FROM gdpr.blocklist WHERE hash = $1", {pg::param_bytes(rights::as_text(rights::hash_of(one)))})
            .processed());
    if (lifted == 0)
        PG_RETURN_INT64(0);
    (void)journal::intend_unblock(one);
    (void)spi.run("INSERT INTO gdpr.unblocking (reason, entries) VALUES ($1, $2)",
                  {pg::param(reason), pg::param(lifted)});
    PG_RETURN_INT64(lifted);
}
