// What a gated role that owns a table, or may put triggers on it, could have computed from its raw rows: refused while
// the gate is there. Event triggers, since they fire in every session, also in one that has not loaded the library.
#include "gate/sources.hpp"
#include "label/label.hpp"
#include "pg/event_trigger.hpp"
#include "pg/pg.hpp"

using namespace gdpr;

namespace {

[[noreturn]] void refuse(Oid relation, const char *what) {
    pg::raise(ERRCODE_INSUFFICIENT_PRIVILEGE,
              std::string("permission denied to ") + what + " " + pg::relation_name(relation),
              "It would read values that this role's channel does not see.", "Let a role do it that may see them.");
}

class Guard {
  public:
    explicit Guard(const gate::Sight &sight) : sight_(sight) {}

    void check(Node *statement) const;

  private:
    bool gated(Oid relation) const { return OidIsValid(relation) && gate::gated(relation, sight_); }
    void forbid(const RangeVar *name, const char *what) const {
        if (const Oid relation = pg::named_relation(name); gated(relation))
            refuse(relation, what);
    }

    void index(const IndexStmt &statement) const;
    void create(const CreateStmt &statement) const;
    void alter(const AlterTableStmt &statement) const;
    void domain(const AlterDomainStmt &statement) const;
    void label(const SecLabelStmt &statement) const;
    void stored(const Node *query) const;
    void published(const List *objects) const;

    const gate::Sight &sight_;
};

void Guard::index(const IndexStmt &statement) const {
    const Oid relation = pg::named_relation(statement.relation);
    if (!gated(relation))
        return;
    bool reads = statement.whereClause != nullptr;
    for (const List *parts : {statement.indexParams, statement.indexIncludingParams}) {
        ListCell *cell;
        foreach (cell, parts) {
            const auto *part = lfirst_node(IndexElem, cell);
            const AttrNumber column =
                part->name == nullptr ? InvalidAttrNumber : pg::call([&] { return get_attnum(relation, part->name); });
            reads = reads || column == InvalidAttrNumber || gate::verdict(relation, column, sight_).gated();
        }
    }
    if (reads)
        refuse(relation, "index gated columns or expressions of");
}

/// Constraints that compute something from the row.
bool computes(const List *constraints) {
    ListCell *cell;
    foreach (cell, constraints)
        switch (lfirst_node(Constraint, cell)->contype) {
        case CONSTR_NULL:
        case CONSTR_NOTNULL:
        case CONSTR_DEFAULT:
        case CONSTR_IDENTITY:
            break;
        default:
            return true;
        }
    return false;
}

/// Parts of ALTER TABLE that evaluate something over the rows, now or when others write them.
bool evaluates(const AlterTableCmd &command) {
    switch (command.subtype) {
    case AT_AddConstraint:
    case AT_AddIndex:
    case AT_AddIndexConstraint:
    case AT_AlterColumnType:
    case AT_ValidateConstraint:
    case AT_AttachPartition:
    case AT_AddInherit:
    case AT_CookedColumnDefault:
#if PG_VERSION_NUM >= 170000
    case AT_SetExpression:
#endif
        return true;
    case AT_AddColumn:
        return computes(reinterpret_cast<const ColumnDef *>(command.def)->constraints);
    default:
        return false;
    }
}

void Guard::alter(const AlterTableStmt &statement) const {
    const Oid relation = pg::named_relation(statement.relation);
    if (!OidIsValid(relation))
        return;
    ListCell *cell;
    foreach (cell, statement.cmds) {
        const auto *command = lfirst_node(AlterTableCmd, cell);
        if (evaluates(*command) && gated(relation))
            refuse(relation, "have expressions or constraints evaluated over");
        // Another table's partition bounds are checked over this one's rows.
        if (command->subtype == AT_AttachPartition)
            forbid(reinterpret_cast<const PartitionCmd *>(command->def)->name, "attach");
    }
}

/// A partition's own constraints and routing see the rows that come or move into it.
void Guard::create(const CreateStmt &statement) const {
    bool evaluated = computes(statement.constraints);
    ListCell *cell;
    foreach (cell, statement.tableElts) {
        const auto *element = static_cast<const Node *>(lfirst(cell));
        evaluated = evaluated || IsA(element, Constraint) ||
                    (IsA(element, ColumnDef) && computes(reinterpret_cast<const ColumnDef *>(element)->constraints));
    }
    foreach (cell, statement.partspec != nullptr ? statement.partspec->partParams : NIL)
        evaluated = evaluated || lfirst_node(PartitionElem, cell)->expr != nullptr;
    foreach (cell, evaluated ? statement.inhRelations : NIL)
        forbid(lfirst_node(RangeVar, cell), "have constraints or partitions by expressions below");
}

/// A check of a domain is run over every column of it.
void Guard::domain(const AlterDomainStmt &statement) const {
    if (statement.subtype != 'C' && statement.subtype != 'V')
        return;
    const Oid type =
        pg::call([&] { return LookupTypeNameOid(nullptr, makeTypeNameFromNameList(statement.typeName), true); });
    if (!OidIsValid(type))
        return;
    for (const Oid relation : label::labelled_relations())
        if (gated(relation))
            for (const pg::Column &column : pg::columns_of(relation))
                if (column.type == type && gate::verdict(relation, column.number, sight_).gated())
                    refuse(relation, "have a domain checked over");
}

void Guard::label(const SecLabelStmt &statement) const {
    if ((statement.provider != nullptr && std::strcmp(statement.provider, "gdpr") != 0) ||
        statement.objtype != OBJECT_COLUMN || pg::is_member_of("gdpr_admin"))
        return;
    const ObjectAddress address = pg::named_object(statement);
    if (OidIsValid(address.objectId) &&
        gate::verdict(address.objectId, static_cast<AttrNumber>(address.objectSubId), sight_).gated())
        refuse(address.objectId, "change the label of a gated column of");
}

/// CREATE TABLE AS, and materialised views.
void Guard::stored(const Node *query) const {
    if (query == nullptr || !IsA(query, Query))
        return;
    const auto *whole = reinterpret_cast<const Query *>(query);
    if (whole->commandType != CMD_UTILITY) {
        gate::refuse_stored(whole, sight_);
        return;
    }
    if (!IsA(whole->utilityStmt, ExecuteStmt))
        return;
    const char *name = reinterpret_cast<const ExecuteStmt *>(whole->utilityStmt)->name;
    const PreparedStatement *prepared = pg::call([&] { return FetchPreparedStatement(name, false); });
    if (prepared == nullptr)
        return;
    ListCell *cell;
    foreach (cell, prepared->plansource->query_list)
        gate::refuse_stored(lfirst_node(Query, cell), sight_);
}

void Guard::published(const List *objects) const {
    ListCell *cell;
    foreach (cell, objects) {
        const auto *object = lfirst_node(PublicationObjSpec, cell);
        if (object->pubtable != nullptr)
            forbid(object->pubtable->relation, "publish");
    }
}

void Guard::check(Node *statement) const {
    switch (nodeTag(statement)) {
    case T_IndexStmt:
        index(*reinterpret_cast<IndexStmt *>(statement));
        break;
    case T_CreateStmt:
        create(*reinterpret_cast<CreateStmt *>(statement));
        break;
    case T_AlterTableStmt:
        alter(*reinterpret_cast<AlterTableStmt *>(statement));
        break;
    case T_AlterDomainStmt:
        domain(*reinterpret_cast<AlterDomainStmt *>(statement));
        break;
    case T_SecLabelStmt:
        label(*reinterpret_cast<SecLabelStmt *>(statement));
        break;
    case T_CreateTrigStmt:
        forbid(reinterpret_cast<CreateTrigStmt *>(statement)->relation, "create a trigger on");
        break;
    case T_RuleStmt:
        forbid(reinterpret_cast<RuleStmt *>(statement)->relation, "create a rule on");
        break;
    case T_CreatePolicyStmt:
        forbid(reinterpret_cast<CreatePolicyStmt *>(statement)->table, "create a policy on");
        break;
    case T_AlterPolicyStmt:
        forbid(reinterpret_cast<AlterPolicyStmt *>(statement)->table, "alter a policy on");
        break;
    case T_CreateStatsStmt: {
        ListCell *cell;
        foreach (cell, reinterpret_cast<CreateStatsStmt *>(statement)->relations)
            if (IsA(lfirst(cell), RangeVar))
                forbid(lfirst_node(RangeVar, cell), "create statistics on");
        break;
    }
    case T_CreatePublicationStmt:
        published(reinterpret_cast<CreatePublicationStmt *>(statement)->pubobjects);
        break;
    case T_AlterPublicationStmt:
        published(reinterpret_cast<AlterPublicationStmt *>(statement)->pubobjects);
        break;
    case T_CreateTableAsStmt:
        stored(reinterpret_cast<CreateTableAsStmt *>(statement)->query);
        break;
    case T_RefreshMatViewStmt:
        forbid(reinterpret_cast<RefreshMatViewStmt *>(statement)->relation, "store gated columns in");
        break;
    default:
        break;
    }
}

/// A rule follows the column whose name changes.
void follow_rename(const RenameStmt &statement) {
    if (statement.renameType != OBJECT_COLUMN || statement.subname == nullptr)
        return;
    const Oid relation = pg::named_relation(statement.relation);
    const Oid table = pg::gdpr_relation("gate_rule");
    if (!OidIsValid(relation) || !OidIsValid(table))
        return;
    const std::string from = statement.subname, to = statement.newname;
    const pg::OwnerScope scope(table);
    pg::Spi spi;
    (void)spi.run("UPDATE gdpr.gate_rule SET column_name = $1 WHERE column_name = $2 AND (relation = $3 OR relation IN"
                  " (WITH RECURSIVE heir(id) AS (SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = $3"
                  "  UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN heir h ON i.inhparent = h.id)"
                  "  SELECT id FROM heir))",
                  {pg::param(to), pg::param(from), pg::param_oid(relation)});
}

} // namespace

GDPR_FUNCTION(gdpr_gate_guard) {
    if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
        pg::raise(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED,
                  "gdpr.gate_guard() must be called as an event trigger");
    const auto *event = reinterpret_cast<EventTriggerData *>(fcinfo->context);
    if (!pg::installed() || !gate::any_rules())
        PG_RETURN_VOID();
    if (IsA(event->parsetree, RenameStmt))
        follow_rename(*reinterpret_cast<RenameStmt *>(event->parsetree));
    // What apply() does to a table is the extension's.
    else if (const gate::Sight &now = gate::sight(); now.gated && !pg::in_owner_scope())
        Guard(now).check(event->parsetree);
    PG_RETURN_VOID();
}

/// A function that a table's definition calls sees the rows as they are: a gated role may not give it another body.
GDPR_FUNCTION(gdpr_gate_guard_function) {
    if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
        pg::raise(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED,
                  "gdpr.gate_guard_function() must be called as an event trigger");
    if (!pg::installed() || !gate::any_rules() || !gate::sight().gated || pg::in_owner_scope())
        PG_RETURN_VOID();
    std::vector<Oid> users;
    {
        pg::Spi spi;
        const pg::Rows found = spi.run(
            "SELECT DISTINCT coalesce(i.indrelid, a.adrelid, c.conrelid, t.tgrelid, p.polrelid)"
            "  FROM pg_catalog.pg_event_trigger_ddl_commands() f"
            "  JOIN pg_catalog.pg_depend d ON d.refclassid = f.classid AND d.refobjid = f.objid"
            "  LEFT JOIN pg_catalog.pg_index i ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.indexrelid = d.objid"
            "  LEFT JOIN pg_catalog.pg_attrdef a ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND a.oid = d.objid"
            "  LEFT JOIN pg_catalog.pg_constraint c ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND c.oid = d.objid"
            "  LEFT JOIN pg_catalog.pg_trigger t ON d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND t.oid = d.objid"
            "  LEFT JOIN pg_catalog.pg_policy p ON d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND p.oid = d.objid"
            " WHERE f.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass");
        for (std::uint64_t row = 0; row < found.size(); row++)
            if (const Oid relation = found.oid(row, 1); OidIsValid(relation))
                users.push_back(relation);
    }
    const gate::Sight &now = gate::sight();
    for (const Oid relation : users)
        if (gate::gated(relation, now))
            refuse(relation, "change a function that is called by the definition of");
    PG_RETURN_VOID();
}

/// Rules go with their column: its number, or its name, may become another's.
GDPR_FUNCTION(gdpr_gate_follow) {
    if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
        pg::raise(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED,
                  "gdpr.gate_follow() must be called as an event trigger");
    const Oid table = pg::installed() ? pg::gdpr_relation("gate_rule") : InvalidOid;
    if (!OidIsValid(table) || !gate::any_rules())
        PG_RETURN_VOID();
    std::vector<std::pair<Oid, std::string>> gone;
    {
        pg::Spi spi;
        const pg::Rows dropped = spi.run("SELECT objid, CASE WHEN objsubid <> 0 THEN address_names[3] END"
                                         "  FROM pg_catalog.pg_event_trigger_dropped_objects()"
                                         " WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass");
        for (std::uint64_t row = 0; row < dropped.size(); row++)
            gone.emplace_back(dropped.oid(row, 1), dropped.text_or(row, 2));
    }
    const pg::OwnerScope scope(table);
    pg::Spi spi;
    for (const auto &[relation, column] : gone)
        (void)spi.run("DELETE FROM gdpr.gate_rule WHERE relation = $1 AND $2 IN ('', column_name)",
                      {pg::param_oid(relation), pg::param(column)});
    PG_RETURN_VOID();
}
