// Utility commands that read or write rows without the planner: COPY, and fetching from what is stored.
#include "gate/utility.hpp"
#include "gate/guard.hpp"
#include "gate/integrity.hpp"
#include "gate/planner.hpp"
#include "gate/sources.hpp"
#include "pg/pg.hpp"

namespace gdpr::gate {

namespace {

/// `SELECT columns FROM ONLY table`, as COPY itself makes it under row security.
SelectStmt *select_instead(const CopyStmt &statement, Oid relation) {
    List *columns = NIL;
    const auto add = [&](const char *name) {
        auto *reference = makeNode(ColumnRef);
        reference->fields = list_make1(makeString(pstrdup(name)));
        reference->location = -1;
        auto *target = makeNode(ResTarget);
        target->val = reinterpret_cast<Node *>(reference);
        target->location = -1;
        columns = lappend(columns, target);
    };
    ListCell *cell;
    foreach (cell, statement.attlist)
        add(strVal(lfirst(cell)));
    if (statement.attlist == NIL) {
        ::Relation opened = table_open(relation, AccessShareLock);
        for (int i = 0; i < RelationGetDescr(opened)->natts; i++)
            if (const Form_pg_attribute column = TupleDescAttr(RelationGetDescr(opened), i);
                !column->attisdropped && column->attgenerated == '\0')
                add(NameStr(column->attname));
        table_close(opened, NoLock);
    }
    RangeVar *from = makeRangeVar(get_namespace_name(get_rel_namespace(relation)), get_rel_name(relation), -1);
    from->inh = false;
    auto *select = makeNode(SelectStmt);
    select->targetList = columns;
    select->fromClause = list_make1(from);
    return select;
}

PlannedStmt *copy_of_query(const PlannedStmt &original, Oid relation) {
    const auto &statement = *reinterpret_cast<const CopyStmt *>(original.utilityStmt);
    auto *copy = makeNode(CopyStmt);
    *copy = statement;
    copy->relation = nullptr;
    copy->attlist = NIL;
    copy->query = reinterpret_cast<Node *>(select_instead(statement, relation));
    auto *planned = makeNode(PlannedStmt);
    *planned = original;
    planned->utilityStmt = reinterpret_cast<Node *>(copy);
    return planned;
}

/// Errors of a COPY … FROM quote the rows that are in the way.
bool quotes_others(const CopyStmt &statement) {
    if (!statement.is_from || statement.relation == nullptr || !any_rules() || !sight().gated)
        return false;
    const Oid relation = pg::call([&] { return RangeVarGetRelid(statement.relation, RowExclusiveLock, true); });
    return OidIsValid(relation) && gated(relation, sight());
}

/// The columns that COPY … FROM writes.
std::set<AttrNumber> written(const CopyStmt &statement, Oid relation) {
    std::set<AttrNumber> out;
    ListCell *cell;
    foreach (cell, statement.attlist)
        out.insert(pg::call([&] { return get_attnum(relation, strVal(lfirst(cell))); }));
    if (statement.attlist == NIL)
        for (const pg::Column &each : pg::columns_of(relation))
            out.insert(each.number);
    return out;
}

/// What runs in the place of a COPY; null where it runs as it is.
PlannedStmt *in_place_of_copy(const PlannedStmt &planned) {
    const auto &statement = *reinterpret_cast<const CopyStmt *>(planned.utilityStmt);
    if (statement.relation == nullptr || !any_rules())
        return nullptr;
    const Sight &now = sight();
    if (!now.gated)
        return nullptr;
    const LOCKMODE lock = statement.is_from ? RowExclusiveLock : AccessShareLock;
    const Oid relation = pg::call([&] { return RangeVarGetRelid(statement.relation, lock, true); });
    if (!OidIsValid(relation))
        return nullptr;
    if (statement.is_from) {
        refuse_probing(relation, written(statement, relation), now);
        return nullptr;
    }
    const char kind = pg::call([&] { return get_rel_relkind(relation); });
    if ((kind != RELKIND_RELATION && kind != RELKIND_MATVIEW) || !gated(relation, now))
        return nullptr;
    return pg::call([&] { return copy_of_query(planned, relation); });
}

/// A cursor WITH HOLD has read its rows long ago, perhaps for others. FETCH says so better than the portal.
void check_fetch(const FetchStmt &statement) {
    if (statement.ismove || !any_rules() || !sight().gated)
        return;
    const Portal portal = pg::call([&] { return GetPortalByName(statement.portalname); });
    if (!PortalIsValid(portal) || portal->holdStore == nullptr)
        return;
    ListCell *cell;
    foreach (cell, portal->stmts)
        require_plan_for(lfirst_node(PlannedStmt, cell));
}

/// Rows put in the order of an index tell by where they lie how its values compare.
void refuse_order(const ClusterStmt &statement) {
    if (!any_rules() || !sight().gated)
        return;
    if (statement.relation == nullptr)
        pg::raise(ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to cluster every table",
                  "The order would tell of values that this role's channel does not see.", "Name a table.");
    const Oid relation = pg::call([&] { return RangeVarGetRelid(statement.relation, AccessShareLock, true); });
    if (OidIsValid(relation) && gated(relation, sight()))
        refuse(relation, "put in the order of an index");
}

/// Cursors WITH HOLD that this session has declared; true: closed to it.
std::map<std::string, bool> *held = nullptr;

void remember_held(const DeclareCursorStmt &statement) {
    if ((statement.options & CURSOR_OPT_HOLD) == 0)
        return;
    if (held == nullptr)
        held = new std::map<std::string, bool>;
    (*held)[statement.portalname] = false;
    any_held = true;
}

/// PL/pgSQL fetches past any hook, but not from a portal that is not ready.
void close_or_open(Portal portal, bool &closed) {
    bool ungated = false;
    ListCell *cell;
    foreach (cell, portal->stmts)
        ungated = ungated || reads_ungated(lfirst_node(PlannedStmt, cell));
    if (ungated && portal->status == PORTAL_READY) {
        portal->status = PORTAL_FAILED;
        closed = true;
    } else if (!ungated && std::exchange(closed, false) && portal->status == PORTAL_FAILED) {
        portal->status = PORTAL_READY;
    }
}

void process_utility(pg::Utility &command) {
    check_held_cursors();
    switch (nodeTag(command.statement())) {
    case T_DeclareCursorStmt:
        command.proceed();
        pg::boundary([&] { remember_held(*reinterpret_cast<DeclareCursorStmt *>(command.statement())); });
        break;
    case T_CopyStmt:
        if (PlannedStmt *instead = pg::boundary([&] { return in_place_of_copy(*command.planned); }); instead != nullptr)
            command.planned = instead;
        if (pg::boundary([&] { return quotes_others(*reinterpret_cast<CopyStmt *>(command.statement())); }))
            with_discreet_errors(true, [&] { command.proceed(); });
        else
            command.proceed();
        break;
    case T_FetchStmt:
        pg::boundary([&] { check_fetch(*reinterpret_cast<FetchStmt *>(command.statement())); });
        command.proceed();
        break;
    case T_ExplainStmt:
        command.destination = pg::boundary(
            [&] { return explaining(*reinterpret_cast<ExplainStmt *>(command.statement()), command.destination); });
        command.proceed();
        break;
    case T_ClusterStmt:
        pg::boundary([&] { refuse_order(*reinterpret_cast<ClusterStmt *>(command.statement())); });
        command.proceed();
        break;
    case T_ConstraintsSetStmt:
        // Constraints that waited are checked now.
        if (pg::boundary([&] { return any_rules() && sight().gated; }))
            with_discreet_errors(true, [&] { command.proceed(); });
        else
            command.proceed();
        break;
    default:
        command.proceed();
        break;
    }
    // SET ROLE and its kind.
    notice_roles();
    check_held_cursors();
}

} // namespace

bool any_held = false;

void check_each_held_cursor() {
    if (!IsTransactionState())
        return;
    pg::boundary([] {
        for (auto each = held->begin(); each != held->end();) {
            const Portal portal = pg::call([&] { return GetPortalByName(each->first.c_str()); });
            if (PortalIsValid(portal) && portal->holdStore != nullptr)
                close_or_open(portal, each->second);
            each = PortalIsValid(portal) ? std::next(each) : held->erase(each);
        }
        any_held = !held->empty();
    });
}

void init_utility() {
    // What reads rows past the planner, and what may change roles other than through the executor.
    pg::on_utility({T_DeclareCursorStmt, T_CopyStmt, T_FetchStmt, T_ExplainStmt, T_ClusterStmt, T_ConstraintsSetStmt,
                    T_VariableSetStmt, T_DiscardStmt, T_TransactionStmt, T_CallStmt, T_DoStmt},
                   process_utility);
}

} // namespace gdpr::gate
