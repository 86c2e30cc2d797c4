#include "subject/predicate.hpp"

#include "pg/pg.hpp"

namespace gdpr::subject {

Node *parse_predicate(::Relation relation, const char *sql) {
    List *parsed = raw_parser(sql, RAW_PARSE_PLPGSQL_EXPR);
    auto *statement = castNode(SelectStmt, linitial_node(RawStmt, parsed)->stmt);
    if (list_length(statement->targetList) != 1 || statement->fromClause != NIL || statement->whereClause != nullptr)
        ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("predicate of a label is not one expression")));
    ParseState *state = make_parsestate(nullptr);
    ParseNamespaceItem *item = addRangeTableEntryForRelation(state, relation, AccessShareLock, nullptr, false, true);
    addNSItemToQuery(state, item, true, true, true);
    ::Node *expression =
        transformExpr(state, linitial_node(ResTarget, statement->targetList)->val, EXPR_KIND_CHECK_CONSTRAINT);
    expression = coerce_to_boolean(state, expression, "label predicate");
    assign_expr_collations(state, expression);
    return expression;
}

Predicate::Predicate(Oid relation, const std::string &sql) : relation_(relation) {
    const pg::OwnerScope scope(relation);
    pg::Relation opened(relation, AccessShareLock);
    context_ = pg::call([&] {
        // Under a context that goes with an error; moved to its place when all is well.
        return AllocSetContextCreate(CurrentMemoryContext, "gdpr predicate", ALLOCSET_SMALL_SIZES);
    });
    const pg::ContextScope inside(context_);
    Bitmapset *used = nullptr;
    pg::call([&] {
        ::Node *expression = parse_predicate(opened.get(), sql.c_str());
        pull_varattnos(expression, 1, &used);
        state_ = ExecInitExpr(expression_planner(reinterpret_cast<Expr *>(expression)), nullptr);
        evaluation_ = CreateStandaloneExprContext();
    });
    for (int member = -1; (member = bms_next_member(used, member)) >= 0;)
        if (const int number = member + FirstLowInvalidHeapAttributeNumber; number > 0)
            columns_.push_back(static_cast<AttrNumber>(number));
    MemoryContextSetParent(context_, CacheMemoryContext);
}

Predicate::Predicate(Predicate &&other) noexcept
    : relation_(other.relation_), context_(std::exchange(other.context_, nullptr)), state_(other.state_),
      evaluation_(other.evaluation_), columns_(std::move(other.columns_)) {}

Predicate::~Predicate() {
    if (context_ != nullptr)
        MemoryContextDelete(context_);
}

bool Predicate::holds(TupleTableSlot *row) const {
    const pg::OwnerScope scope(relation_);
    return pg::call([&] {
        bool null;
        evaluation_->ecxt_scantuple = row;
        const Datum result = ExecEvalExprSwitchContext(state_, evaluation_, &null);
        const bool holds = !null && DatumGetBool(result);
        ResetExprContext(evaluation_);
        return holds;
    });
}

} // namespace gdpr::subject
