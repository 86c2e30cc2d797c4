// COPY … FROM. PostgreSQL refuses it to every role under row security, because its copy path does not evaluate the
// policies. Ours have nothing to evaluate when a row is stored (WITH CHECK (true)), so where they are all that
// applies to the role, the server's own copy runs: same speed, options, errors, triggers and command tag. A table
// with policies of its own that would have to be checked keeps PostgreSQL's refusal, as it had before.
//
// The copy runs inside a CALL of gdpr.copy_from(), so that other extensions' hooks still see a utility statement:
// some of them (audit) crash where a privilege check comes outside of any.
#include "restrict/copy.hpp"

#include "pg/pg.hpp"
#include "restrict/policy.hpp"

namespace gdpr::restriction {

namespace {

/// The COPY that waits for gdpr.copy_from(); null except between the hook and the procedure.
struct Request {
    const CopyStmt *statement;
    const char *source;
    QueryEnvironment *environment;
    Oid relation;
    QueryCompletion *completion;
};
Request *waiting = nullptr;

class Waiting {
  public:
    explicit Waiting(Request &request) noexcept : previous_(std::exchange(waiting, &request)) {}
    ~Waiting() { waiting = previous_; }
    Waiting(const Waiting &) = delete;
    Waiting &operator=(const Waiting &) = delete;

  private:
    Request *previous_;
};

const char *file = nullptr; // that a COPY FROM reads

class Reading {
  public:
    explicit Reading(const char *name) noexcept : previous_(std::exchange(file, name)) {}
    ~Reading() { file = previous_; }
    Reading(const Reading &) = delete;
    Reading &operator=(const Reading &) = delete;

  private:
    const char *previous_;
};

bool always_true(const Expr *check) {
    if (check == nullptr || !IsA(check, Const))
        return false;
    const auto *constant = reinterpret_cast<const Const *>(check);
    return constant->consttype == BOOLOID && !constant->constisnull && DatumGetBool(constant->constvalue);
}

bool concerns(const RowSecurityPolicy &policy, Oid user) {
    if (policy.polcmd != '*' && policy.polcmd != ACL_INSERT_CHR)
        return false;
    const auto *roles = reinterpret_cast<const Oid *>(ARR_DATA_PTR(policy.roles));
    for (int i = 0; i < ARR_DIMS(policy.roles)[0]; i++)
        if (roles[i] == ACL_ID_PUBLIC || has_privs_of_role(user, roles[i]))
            return true;
    return false;
}

/// Do the policies let the current role store every row, whatever is in it? Only then may they go unevaluated.
bool stores_every_row(::Relation relation) {
    if (row_security_policy_hook_permissive != nullptr || row_security_policy_hook_restrictive != nullptr ||
        relation->rd_rsdesc == nullptr)
        return false;
    bool ours = false;
    bool permitted = false;
    ListCell *cell;
    foreach (cell, relation->rd_rsdesc->policies) {
        const auto *policy = static_cast<const RowSecurityPolicy *>(lfirst(cell));
        ours = ours || own_policy(policy->policy_name);
        if (!concerns(*policy, GetUserId()))
            continue;
        const bool stores = always_true(policy->with_check_qual != nullptr ? policy->with_check_qual : policy->qual);
        if (!policy->permissive && !stores)
            return false;
        permitted = permitted || (policy->permissive && stores);
    }
    return ours && permitted;
}

/// May the role read what it names? Where not, PostgreSQL says so better than we could.
bool may_read_source(const CopyStmt &statement) {
    return statement.filename == nullptr ||
           has_privs_of_role(GetUserId(),
                             statement.is_program ? ROLE_PG_EXECUTE_SERVER_PROGRAM : ROLE_PG_READ_SERVER_FILES);
}

Oid copy_procedure() {
    const Oid schema = get_namespace_oid("gdpr", true);
    return OidIsValid(schema) ? GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("copy_from"),
                                                PointerGetDatum(buildoidvector(nullptr, 0)), ObjectIdGetDatum(schema))
                              : InvalidOid;
}

/// The relation, locked, of a COPY that PostgreSQL would refuse and we run; InvalidOid of any other.
Oid relation_to_serve(const CopyStmt &statement) {
    if (!row_security || RecoveryInProgress() || IsInParallelMode() || !may_read_source(statement))
        return InvalidOid;
    ::Relation relation = table_openrv(statement.relation, RowExclusiveLock);
    const Oid id = RelationGetRelid(relation);
    const bool serve = check_enable_rls(id, InvalidOid, true) == RLS_ENABLED && stores_every_row(relation) &&
                       OidIsValid(copy_procedure());
    table_close(relation, NoLock);
    return serve ? id : InvalidOid;
}

/// A CALL of the procedure, in the place of the COPY.
PlannedStmt *call_in_place_of(const PlannedStmt &original) {
    CallStmt *call = makeNode(CallStmt);
    call->funccall = makeFuncCall(list_make2(makeString(pstrdup("gdpr")), makeString(pstrdup("copy_from"))), NIL,
                                  COERCE_EXPLICIT_CALL, -1);
    call->funcexpr = makeFuncExpr(copy_procedure(), VOIDOID, NIL, InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
    PlannedStmt *planned = makeNode(PlannedStmt);
    planned->commandType = CMD_UTILITY;
    planned->canSetTag = original.canSetTag;
    planned->utilityStmt = reinterpret_cast<Node *>(call);
    planned->stmt_location = original.stmt_location;
    planned->stmt_len = original.stmt_len;
    planned->queryId = original.queryId;
    return planned;
}

void process_utility(pg::Utility &command) {
    const auto *statement = reinterpret_cast<const CopyStmt *>(command.statement());
    if (!statement->is_from || statement->relation == nullptr)
        return command.proceed();
    const Oid relation = pg::boundary([&] { return pg::call([&] { return relation_to_serve(*statement); }); });
    const char *read = statement->is_program ? nullptr : statement->filename;
    if (!OidIsValid(relation) && read == nullptr)
        return command.proceed();
    pg::boundary([&] {
        const Reading reading(read);
        if (!OidIsValid(relation))
            return pg::call([&] { command.proceed(); });
        Request request{statement, command.text, command.environment, relation, command.completion};
        const Waiting scope(request);
        pg::call([&] {
            command.planned = call_in_place_of(*command.planned);
            command.read_only = false;
            command.proceed();
        });
    });
}

/// The WHERE clause as the copy wants it: a list of conditions joined by AND.
Node *where_clause(ParseState *state, ParseNamespaceItem *item, const CopyStmt &statement) {
    if (statement.whereClause == nullptr)
        return nullptr;
    addNSItemToQuery(state, item, false, true, true);
    // The parser scribbles on what it analyses, and the tree may belong to a cached plan.
    auto *raw = static_cast<Node *>(copyObjectImpl(statement.whereClause));
    Node *where = coerce_to_boolean(state, transformExpr(state, raw, EXPR_KIND_COPY_WHERE), "WHERE");
    assign_expr_collations(state, where);
    where = eval_const_expressions(nullptr, where);
    where = reinterpret_cast<Node *>(canonicalize_qual(reinterpret_cast<Expr *>(where), false));
    return reinterpret_cast<Node *>(make_ands_implicit(reinterpret_cast<Expr *>(where)));
}

void refuse_generated(::Relation relation, Node *where) {
#if PG_VERSION_NUM >= 180000
    // The reader does not compute them, and a virtual one has no value to read at all.
    Bitmapset *used = nullptr;
    pull_varattnos(where, 1, &used);
    const bool whole = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used);
    for (int i = 0; i < RelationGetNumberOfAttributes(relation); i++) {
        Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), i);
        if (attribute->attgenerated != '\0' &&
            (whole || bms_is_member(attribute->attnum - FirstLowInvalidHeapAttributeNumber, used)))
            ereport(ERROR, (errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
                            errmsg("generated columns are not supported in COPY FROM WHERE conditions"),
                            errdetail("Column \"%s\" is a generated column.", NameStr(attribute->attname))));
    }
#else
    (void)relation;
    (void)where;
#endif
}

/// INSERT on every column that the copy fills, and SELECT on those that its WHERE clause reads.
void check_privileges(ParseState *state, ParseNamespaceItem *item, ::Relation relation, const CopyStmt &statement) {
#if PG_VERSION_NUM >= 160000
    Bitmapset **inserted = &item->p_perminfo->insertedCols;
#else
    Bitmapset **inserted = &item->p_rte->insertedCols;
#endif
    ListCell *cell;
    foreach (cell, CopyGetAttnums(RelationGetDescr(relation), relation, statement.attlist))
        *inserted = bms_add_member(*inserted, lfirst_int(cell) - FirstLowInvalidHeapAttributeNumber);
#if PG_VERSION_NUM >= 160000
    (void)ExecCheckPermissions(state->p_rtable, list_make1(item->p_perminfo), true);
#else
    (void)ExecCheckRTPerms(state->p_rtable, true);
#endif
}

/// What DoCopy does, in its order, but for the refusal.
void copy(Request &request) {
    const CopyStmt &statement = *request.statement;
    ParseState *state = make_parsestate(nullptr);
    state->p_sourcetext = request.source;
    state->p_queryEnv = request.environment;

    ::Relation relation = table_open(request.relation, NoLock); // locked by the hook
    ParseNamespaceItem *item = addRangeTableEntryForRelation(state, relation, RowExclusiveLock, nullptr, false, false);
#if PG_VERSION_NUM >= 160000
    item->p_perminfo->requiredPerms = ACL_INSERT;
#else
    item->p_rte->requiredPerms = ACL_INSERT;
#endif
    Node *where = where_clause(state, item, statement);
    refuse_generated(relation, where);
    check_privileges(state, item, relation, statement);
    if (XactReadOnly && !relation->rd_islocaltemp)
        PreventCommandIfReadOnly("COPY FROM");

    CopyFromState reader = BeginCopyFrom(state, relation, where, statement.filename, statement.is_program, nullptr,
                                         statement.attlist, statement.options);
    const std::uint64_t copied = CopyFrom(reader);
    EndCopyFrom(reader);
    if (request.completion != nullptr)
        SetQueryCompletion(request.completion, CMDTAG_COPY, copied);
    table_close(relation, NoLock);
    free_parsestate(state);
}

} // namespace

std::optional<std::string> copied_file() { return file == nullptr ? std::nullopt : std::optional<std::string>(file); }

void init_copy() { pg::on_utility({T_CopyStmt}, process_utility); }

} // namespace gdpr::restriction

using namespace gdpr;

GDPR_FUNCTION(gdpr_copy_from) {
    // Taken once: what the copy sets off (triggers, defaults) finds nothing left to take.
    restriction::Request *request = std::exchange(restriction::waiting, nullptr);
    if (request == nullptr)
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "gdpr.copy_from() runs only inside COPY FROM", {},
                  "Use COPY.");
    pg::call([&] { restriction::copy(*request); });
    PG_RETURN_VOID();
}
