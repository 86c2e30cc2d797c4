// What a gated role that owns a table, or may put triggers on it, could have computed from its raw rows: refused while
// the gate is there. Event triggers, since they fire in every session, also in one that has not loaded the library.
#include "gate/guard.hpp"
#include "gate/sources.hpp"
#include "label/label.hpp"
#include "pg/event_trigger.hpp"
#include "pg/pg.hpp"

using namespace gdpr;

namespace {

using gate::refuse;

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
    bool routed_by_gated(Oid parent) const;
    void create(const CreateStmt &statement) const;
    void alter(const AlterTableStmt &statement) const;
    void probe(Oid relation, const AlterTableCmd &command) const;
    void refer(const Constraint &constraint) const;
    void schema(const CreateSchemaStmt &statement) const;
    void view(const ViewStmt &statement) const;
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
    if (statement.objtype == OBJECT_TYPE)
        for (const Oid each : gate::tables_of_type(statement.relation))
            if (gated(each))
                refuse(each, "change the type that gives their columns to");
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
        // CLUSTER would put the rows in its order.
        if (command->subtype == AT_ClusterOn && gated(relation))
            refuse(relation, "put in the order of an index");
        // What was labelled by its parent alone would be so no longer.
        if (command->subtype == AT_DetachPartition)
            forbid(reinterpret_cast<const PartitionCmd *>(command->def)->name, "detach");
        if (command->subtype == AT_DropInherit && gated(relation))
            refuse(relation, "end the inheritance of");
        // Whether there are nulls is told by the column.
        if (command->subtype == AT_SetNotNull &&
            gate::verdict(relation, pg::call([&] { return get_attnum(relation, command->name); }), sight_).gated())
            refuse(relation, "ask for nulls in a gated column of");
        // A generated column would hold what it was made of, and would be made of it no longer.
        if (command->subtype == AT_DropExpression &&
            gate::verdict(relation, pg::call([&] { return get_attnum(relation, command->name); }), sight_).gated())
            refuse(relation, "keep the values of a generated column of");
        probe(relation, *command);
    }
}

std::set<AttrNumber> every_column(Oid relation) {
    std::set<AttrNumber> out;
    for (const pg::Column &each : pg::columns_of(relation))
        out.insert(each.number);
    return out;
}

/// What is checked at once when a foreign key is made, its column gets other values, or a partition comes with its
/// rows.
void Guard::probe(Oid relation, const AlterTableCmd &command) const {
    const auto refers = [&](const List *constraints) {
        ListCell *cell;
        foreach (cell, constraints)
            refer(*lfirst_node(Constraint, cell));
    };
    switch (command.subtype) {
    case AT_AddConstraint:
        refer(*reinterpret_cast<const Constraint *>(command.def));
        break;
    case AT_AddColumn:
        refers(reinterpret_cast<const ColumnDef *>(command.def)->constraints);
        break;
    case AT_AlterColumnType:
    case AT_ValidateConstraint:
    case AT_AttachPartition:
#if PG_VERSION_NUM >= 170000
    case AT_SetExpression:
#endif
        gate::refuse_probing(relation, every_column(relation), sight_);
        break;
    default:
        break;
    }
}

void Guard::refer(const Constraint &constraint) const {
    const Oid table = constraint.contype == CONSTR_FOREIGN ? pg::named_relation(constraint.pktable) : InvalidOid;
    if (!gated(table))
        return;
    std::vector<AttrNumber> columns;
    ListCell *cell;
    foreach (cell, constraint.pk_attrs)
        columns.push_back(pg::call([&] { return get_attnum(table, strVal(lfirst(cell))); }));
    if (columns.empty())
        for (const pg::Column &each : pg::primary_key(table))
            columns.push_back(each.number);
    for (const AttrNumber column : columns)
        if (gate::verdict(table, column, sight_).gated())
            refuse(table, "have values looked up in gated columns of");
}

bool Guard::routed_by_gated(Oid parent) const {
    if (!gated(parent))
        return false;
    const pg::Relation opened(parent, AccessShareLock);
    if (opened.kind() != RELKIND_PARTITIONED_TABLE)
        return false;
    const PartitionKey key = pg::call([&] { return RelationGetPartitionKey(opened.get()); });
    for (int i = 0; i < key->partnatts; i++)
        if (key->partattrs[i] == 0 || gate::verdict(parent, key->partattrs[i], sight_).gated())
            return true;
    return false;
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
    // Rows that would belong into it are looked for in the default partition.
    if (statement.partbound != nullptr && statement.inhRelations != NIL)
        if (const Oid parent = pg::named_relation(linitial_node(RangeVar, statement.inhRelations));
            routed_by_gated(parent))
            refuse(parent, "create a partition by gated columns of");
    foreach (cell, evaluated ? statement.inhRelations : NIL)
        forbid(lfirst_node(RangeVar, cell), "have constraints or partitions by expressions below");
}

/// What CREATE SCHEMA makes besides comes here as a part of it alone, so of a table that takes gated rows in, nothing
/// that is put on it would be looked at.
void Guard::schema(const CreateSchemaStmt &statement) const {
    ListCell *cell;
    foreach (cell, statement.schemaElts)
        if (IsA(lfirst(cell), CreateStmt)) {
            ListCell *parent;
            foreach (parent, lfirst_node(CreateStmt, cell)->inhRelations)
                forbid(lfirst_node(RangeVar, parent), "create, together with a schema, partitions or heirs of");
        }
}

/// What a materialised view holds is told by the views that it was made of.
void Guard::view(const ViewStmt &statement) const {
    const Oid relation = statement.replace ? pg::named_relation(statement.view) : InvalidOid;
    if (!gated(relation))
        return;
    pg::Spi spi;
    const pg::Rows kept = spi.run(
        "WITH RECURSIVE made_of_it(id) AS (SELECT $1 UNION SELECT r.ev_class FROM made_of_it m"
        "  JOIN pg_catalog.pg_depend d ON d.refobjid = m.id AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
        "   AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass"
        "  JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid)"
        " SELECT FROM made_of_it m JOIN pg_catalog.pg_class c ON c.oid = m.id WHERE c.relkind = 'm'",
        {pg::param_oid(relation)});
    if (kept.size() != 0)
        refuse(relation, "change, while materialised views are made of it,");
}

/// Is a type this domain, or a domain over it?
bool derives(Oid type, Oid domain) {
    return pg::call([&] {
        for (Oid each = type; OidIsValid(each);) {
            if (each == domain)
                return true;
            HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(each));
            each = HeapTupleIsValid(tuple) ? reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple))->typbasetype : InvalidOid;
            if (HeapTupleIsValid(tuple))
                ReleaseSysCache(tuple);
        }
        return false;
    });
}

/// A check of a domain is run over every column of it.
void Guard::domain(const AlterDomainStmt &statement) const {
    if (statement.subtype != 'C' && statement.subtype != 'V' && statement.subtype != 'O')
        return;
    const Oid type =
        pg::call([&] { return LookupTypeNameOid(nullptr, makeTypeNameFromNameList(statement.typeName), true); });
    if (!OidIsValid(type))
        return;
    for (const Oid relation : label::labelled_relations())
        if (gated(relation))
            for (const pg::Column &column : pg::columns_of(relation))
                if (derives(column.type, type) && gate::verdict(relation, column.number, sight_).gated())
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
    case T_CreateSchemaStmt:
        schema(*reinterpret_cast<CreateSchemaStmt *>(statement));
        break;
    case T_ViewStmt:
        view(*reinterpret_cast<ViewStmt *>(statement));
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

} // namespace

GDPR_FUNCTION(gdpr_gate_guard) {
    const EventTriggerData &event = pg::event_of(fcinfo, "gdpr.gate_guard()");
    if (!pg::installed() || !gate::any_rules())
        PG_RETURN_VOID();
    gate::forget_freed();
    if (IsA(event.parsetree, RenameStmt))
        gate::follow_rename(*reinterpret_cast<RenameStmt *>(event.parsetree));
    // What apply() does to a table is the extension's.
    else if (const gate::Sight &now = gate::sight(); now.gated && !pg::in_owner_scope())
        Guard(now).check(event.parsetree);
    PG_RETURN_VOID();
}
