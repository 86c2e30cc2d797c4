// Nobody undoes it: what apply() made on a table is loosened by gdpr_admin alone, the table's owner included. Event
// triggers, since they fire in every session, also in one that has not loaded the library.
#include "audit/audit.hpp"
#include "label/label.hpp"
#include "pg/event_trigger.hpp"
#include "pg/pg.hpp"
#include "restrict/policy.hpp"
#include "restrict/processing.hpp"
#include "restrict/restriction.hpp"
#include "restrict/rule.hpp"
#include "restrict/set.hpp"
#include "subject/graph.hpp"
#include "subject/personal.hpp"

using namespace gdpr;

namespace {

bool ours(std::string_view name) { return name.starts_with("gdpr_"); }

/// Does the relation have a policy or a trigger that apply() made?
bool enforced(::Relation relation) {
    ListCell *cell;
    foreach (cell, relation->rd_rsdesc != nullptr ? relation->rd_rsdesc->policies : NIL)
        if (ours(static_cast<const RowSecurityPolicy *>(lfirst(cell))->policy_name))
            return true;
    const TriggerDesc *triggers = relation->trigdesc;
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; i++)
        if (ours(triggers->triggers[i].tgname))
            return true;
    return false;
}

bool enforced(Oid relation) {
    if (!OidIsValid(relation))
        return false;
    const char kind = pg::call([&] { return get_rel_relkind(relation); });
    if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
        return false;
    pg::Relation opened(relation, AccessShareLock);
    return enforced(opened.get());
}

/// Lets gdpr_admin pass, on record; raises for anyone else. Whoever does not own the table is PostgreSQL's to refuse.
void require_admin(Oid relation, const char *what) {
    const Oid owner = pg::relation_owner(relation);
    if (!pg::call([&] { return has_privs_of_role(GetUserId(), owner); }))
        return;
    if (!pg::is_member_of("gdpr_admin"))
        pg::raise(ERRCODE_INSUFFICIENT_PRIVILEGE,
                  std::string("permission denied to ") + what + " of " + pg::relation_name(relation),
                  "The table holds data of people and its protection is in force; its owner does not undo it.",
                  "Ask a member of gdpr_admin.");
    if (!pg::in_owner_scope())
        audit::record_about(relation, "loosen", what);
}

/// The attributes of a label, each in its canonical text.
std::set<std::string> attributes(const std::string &label) {
    std::set<std::string> out;
    std::string one;
    int depth = 0;
    bool quoted = false;
    for (const char each : label) {
        quoted = quoted != (each == '"' || each == '\'');
        depth += quoted ? 0 : (each == '(') - (each == ')');
        if (each == ',' && depth == 0 && !quoted) {
            out.insert(one);
            one.clear();
        } else if (each != ' ' || !one.empty())
            one += each;
    }
    if (!one.empty())
        out.insert(one);
    return out;
}

/// Words that take something away from what else holds.
bool loosens(const std::string &attribute) {
    static constexpr std::array words{"accessed(", "audit(off", "erase(keep", "keep(", "derived"};
    return std::any_of(words.begin(), words.end(), [&](const char *word) { return attribute.starts_with(word); });
}

/// Is everything that the old label said still said, and nothing taken from it? Compared as it is written, not parsed:
/// what says the same in other words is for an admin to judge.
bool strengthens(const std::string &before, const std::string &after) {
    const std::set<std::string> old = attributes(before), fresh = attributes(after);
    return std::includes(fresh.begin(), fresh.end(), old.begin(), old.end()) &&
           std::all_of(fresh.begin(), fresh.end(),
                       [&](const std::string &each) { return old.contains(each) || !loosens(each); });
}

void guard_label(const SecLabelStmt &statement) {
    if (statement.provider != nullptr && std::string_view(statement.provider) != "gdpr")
        return;
    if (statement.objtype != OBJECT_TABLE && statement.objtype != OBJECT_COLUMN)
        return;
    const ObjectAddress address = pg::named_object(statement);
    if (!OidIsValid(address.objectId) || !enforced(address.objectId))
        return;
    const char *before = pg::call([&] { return GetSecurityLabel(&address, "gdpr"); });
    if (statement.label != nullptr ? !strengthens(before != nullptr ? before : "", statement.label) : before != nullptr)
        require_admin(address.objectId, "weaken a label");
}

/// A key that tells whose the rows are, or one that such keys refer to and would go with it.
bool tells_owner(::Relation relation, const AlterTableCmd &command) {
    struct Key {
        char type = '\0';
        Oid parent = InvalidOid;
        int count = 0;
        AttrNumber own[INDEX_MAX_KEYS] = {}, other[INDEX_MAX_KEYS] = {};
    };
    const Key key = pg::call([&] {
        Key found;
        const Oid id = get_relation_constraint_oid(RelationGetRelid(relation), command.name, true);
        HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(id));
        if (!HeapTupleIsValid(tuple))
            return found;
        const auto *form = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
        found.type = form->contype;
        found.parent = form->confrelid;
        if (found.type == CONSTRAINT_FOREIGN)
            DeconstructFkConstraintRow(tuple, &found.count, found.own, found.other, nullptr, nullptr, nullptr, nullptr,
                                       nullptr);
        ReleaseSysCache(tuple);
        return found;
    });
    if (key.type != CONSTRAINT_FOREIGN)
        return command.behavior == DROP_CASCADE && (key.type == CONSTRAINT_PRIMARY || key.type == CONSTRAINT_UNIQUE);
    const std::vector<AttrNumber> columns = restriction::policy_columns(relation);
    return OidIsValid(subject::node_of(key.parent)) &&
           std::any_of(key.own, key.own + key.count, [&](AttrNumber column) {
               return std::find(columns.begin(), columns.end(), column) != columns.end();
           });
}

bool uses_column(::Relation relation, const char *column) {
    const std::vector<AttrNumber> columns = restriction::policy_columns(relation);
    const AttrNumber number = pg::call([&] { return get_attnum(RelationGetRelid(relation), column); });
    return std::find(columns.begin(), columns.end(), number) != columns.end();
}

/// What a part of ALTER TABLE would loosen; null where nothing.
const char *loosened(::Relation relation, const AlterTableCmd &command) {
    switch (command.subtype) {
    case AT_DisableRowSecurity:
    case AT_NoForceRowSecurity:
        return "loosen the row security";
    case AT_DisableTrig:
    case AT_EnableTrig: // from always to unless replicating
    case AT_EnableReplicaTrig:
        return ours(command.name) ? "disable a trigger" : nullptr;
    case AT_DisableTrigAll:
    case AT_DisableTrigUser:
    case AT_EnableTrigAll:
    case AT_EnableTrigUser:
        return "disable the triggers";
    case AT_DetachPartition:
    case AT_DropInherit:
        return "detach a part";
    case AT_DropConstraint:
        return tells_owner(relation, command) ? "drop a key that tells whose the rows are" : nullptr;
    case AT_DropColumn:
        return uses_column(relation, command.name) ? "drop a column that tells whose the rows are" : nullptr;
    default:
        return nullptr;
    }
}

/// Are there rows that the current role does not see?
bool hides_rows(Oid relation) {
    if (!enforced(relation) || pg::call([] { return has_bypassrls_privilege(GetUserId()); }))
        return false;
    (void)restriction::refresh_now();
    pg::Relation opened(relation, AccessShareLock);
    const std::vector<AttrNumber> columns = restriction::policy_columns(opened.get());
    return !columns.empty() && !restriction::rule_of(relation, columns, restriction::processing(GetUserId()))->all;
}

/// A foreign key is validated by a query, under row security: what that hides would pass unseen.
void refuse_blind_validation(Oid child, Oid parent) {
    for (const Oid relation : {child, parent})
        if (OidIsValid(relation) && hides_rows(relation))
            pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                      "a foreign key of " + pg::relation_name(child) + " cannot be validated now",
                      "Rows of " + pg::relation_name(relation) + " are restricted and would not be looked at.",
                      "Add the key NOT VALID, and have it validated by a role that sees all rows.");
}

void guard_foreign_key(Oid relation, const AlterTableCmd &command) {
    const auto check = [&](const Constraint *constraint) {
        if (constraint->contype == CONSTR_FOREIGN && !constraint->skip_validation)
            refuse_blind_validation(relation, pg::named_relation(constraint->pktable));
    };
    if (command.subtype == AT_AddConstraint)
        check(reinterpret_cast<const Constraint *>(command.def));
    if (command.subtype == AT_AddColumn) {
        // A new column without a default is null in every row: nothing to validate.
        const List *constraints = reinterpret_cast<const ColumnDef *>(command.def)->constraints;
        bool filled = false;
        ListCell *cell;
        foreach (cell, constraints) {
            const ConstrType type = static_cast<const Constraint *>(lfirst(cell))->contype;
            filled = filled || type == CONSTR_DEFAULT || type == CONSTR_GENERATED || type == CONSTR_IDENTITY;
        }
        foreach (cell, filled ? constraints : NIL)
            check(static_cast<const Constraint *>(lfirst(cell)));
    }
    if (command.subtype == AT_ValidateConstraint) {
        const Oid parent = pg::call([&] {
            const Oid id = get_relation_constraint_oid(relation, command.name, true);
            HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(id));
            if (!HeapTupleIsValid(tuple))
                return InvalidOid;
            const Oid found = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple))->confrelid;
            ReleaseSysCache(tuple);
            return found;
        });
        if (OidIsValid(parent))
            refuse_blind_validation(relation, parent);
    }
}

void guard_alter(const AlterTableStmt &statement) {
    const Oid named = pg::named_relation(statement.relation);
    if (!OidIsValid(named) || statement.objtype != OBJECT_TABLE)
        return;
    List *all = pg::call([&] { return find_all_inheritors(named, AccessShareLock, nullptr); });
    ListCell *relation_cell;
    foreach (relation_cell, all) {
        const Oid relation = lfirst_oid(relation_cell);
        ListCell *cell;
        foreach (cell, statement.cmds) {
            const auto &command = *static_cast<const AlterTableCmd *>(lfirst(cell));
            guard_foreign_key(relation, command);
            if (!enforced(relation))
                continue;
            const char *what = nullptr;
            {
                pg::Relation opened(relation, AccessShareLock);
                what = loosened(opened.get(), command);
            }
            if (what != nullptr)
                require_admin(relation, what);
        }
    }
}

/// A policy or trigger, by its relation's name and its own.
void guard_part(const RangeVar *relation, const char *name, const char *what) {
    if (name == nullptr || !ours(name))
        return;
    if (const Oid id = pg::named_relation(relation); enforced(id))
        require_admin(id, what);
}

void guard_drop(const DropStmt &statement) {
    if (statement.removeType != OBJECT_POLICY && statement.removeType != OBJECT_TRIGGER)
        return;
    ListCell *cell;
    foreach (cell, statement.objects) {
        // The relation's name, and the part's as the last.
        List *whole = static_cast<List *>(lfirst(cell));
        const char *name = strVal(llast(whole));
        RangeVar *relation = pg::call([&] {
            List *path = list_truncate(list_copy(whole), list_length(whole) - 1);
            return path == NIL ? nullptr : makeRangeVarFromNameList(path);
        });
        guard_part(relation, name, "drop a policy or trigger");
    }
}

void guard(Node *statement) {
    switch (nodeTag(statement)) {
    case T_AlterTableStmt:
        guard_alter(*reinterpret_cast<AlterTableStmt *>(statement));
        break;
    case T_SecLabelStmt:
        guard_label(*reinterpret_cast<SecLabelStmt *>(statement));
        break;
    case T_DropStmt:
        guard_drop(*reinterpret_cast<DropStmt *>(statement));
        break;
    case T_AlterPolicyStmt: {
        const auto *policy = reinterpret_cast<AlterPolicyStmt *>(statement);
        guard_part(policy->table, policy->policy_name, "alter a policy");
        break;
    }
    case T_RenameStmt: {
        const auto *rename = reinterpret_cast<RenameStmt *>(statement);
        if (rename->renameType == OBJECT_POLICY || rename->renameType == OBJECT_TRIGGER)
            guard_part(rename->relation, rename->subname, "rename a policy or trigger");
        break;
    }
    case T_CreateTrigStmt: {
        const auto *trigger = reinterpret_cast<CreateTrigStmt *>(statement);
        if (trigger->replace)
            guard_part(trigger->relation, trigger->trigname, "replace a trigger");
        break;
    }
    default:
        break;
    }
}

} // namespace

GDPR_FUNCTION(gdpr_guard_ddl) {
    const EventTriggerData &event = pg::event_of(fcinfo, "gdpr.guard_ddl()");
    if (pg::installed())
        guard(event.parsetree);
    PG_RETURN_VOID();
}

namespace {

/// Those of the dropped tables of whose people something is kept.
std::vector<Oid> dropped_subject_tables() {
    std::string kept = "false";
    const auto add = [&](const std::string &relation) {
        kept += " OR EXISTS (SELECT FROM gdpr." + pg::quote(relation) + " WHERE subject_table = o.objid)";
    };
    for (const subject::Personal &each : subject::personal_tables())
        add(each.relation);
    add("restriction");
    add("objection");
    const pg::OwnerScope scope(pg::gdpr_relation("restriction"));
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT o.objid FROM pg_catalog.pg_event_trigger_dropped_objects() AS o"
                                  " WHERE o.object_type = 'table' AND NOT o.is_temporary AND (" +
                                  kept + ")");
    std::vector<Oid> out;
    for (std::uint64_t row = 0; row < rows.size(); row++)
        out.push_back(rows.oid(row, 1));
    return out;
}

/// While anyone is restricted their data must stay (Art. 18).
void refuse_drop() {
    (void)restriction::refresh_now();
    if (pg::is_member_of("gdpr_admin") || !restriction::anyone())
        return;
    pg::Spi spi;
    const pg::Rows dropped = spi.run("SELECT FROM pg_catalog.pg_event_trigger_dropped_objects()"
                                     " WHERE object_type = 'policy' AND address_names[3] = 'gdpr_restriction'");
    if (!dropped.empty())
        pg::raise(ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to drop a table with people's data",
                  "While anyone's processing is restricted their data must stay (Art. 18).",
                  "Ask a member of gdpr_admin.");
}

} // namespace

/// Tables go with the rows of whoever is in them. What is kept of those people ends as it does with their rows: the
/// table's number may be another's one day, at the latest where a dump is restored.
GDPR_FUNCTION(gdpr_guard_drop) {
    (void)pg::event_of(fcinfo, "gdpr.guard_drop()");
    if (!pg::installed())
        PG_RETURN_VOID();
    refuse_drop();
    for (const Oid table : dropped_subject_tables()) {
        subject::close_all_personal(table);
        restriction::erase_all(table);
    }
    PG_RETURN_VOID();
}
