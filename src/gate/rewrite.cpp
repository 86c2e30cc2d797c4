// What stands for a gated column is of its type, modifier and collation, so nothing around it changes: a null, or a
// call of gdpr.masked(). The rules of row security are the exception: they say which rows there are, a null might let
// more of them appear, and a value let them be probed by what the policy compares with. So there the raw and the gated
// condition must both hold.
#include "gate/rewrite.hpp"

#include "gate/sources.hpp"
#include "gate/whole_row.hpp"
#include "pg/function.hpp"
#include "pg/pg.hpp"
#include "pg/planning.hpp"
#include "pg/statistics.hpp"
#include "pg/tree.hpp"

namespace gdpr::gate {

namespace {

/// How a denied column is taken: as an error, or as a null where it is not said yet that anybody uses it.
enum class Reading { used, perhaps_used };

class Rewriter {
  public:
    Rewriter(const Sight &sight, std::vector<Gated> *gated) : sight_(sight), gated_(gated) {}

    Query *query(Query *original, Reading reading);
    Node *expression(Node *node, Reading reading);

  private:
    struct Level {
        const Query *query;
        int excluded; // the range table entry of EXCLUDED: what the statement itself would have stored
    };

    Node *variable(Var *var, Reading reading);
    Node *whole_row(Var *var, const RangeTblEntry *entry, Reading reading);
    Node *gated_column(Var *var, Oid relation, const Verdict &verdict, Reading reading);
    List *targets(List *list, Reading reading);
    List *range_table(const Query *original);
    void statistics(RangeTblEntry *entry, int index);
    void security(RangeTblEntry *entry);
    void read_after_all(const Var *var);
    void found(Oid relation, AttrNumber column);

    template <typename Type> Type *part(Type *node, Reading reading) {
        return reinterpret_cast<Type *>(expression(reinterpret_cast<Node *>(node), reading));
    }

    Levels levels() const {
        Levels out;
        for (const Level &each : stack_)
            out.push_back(each.query);
        return out;
    }

    const Sight &sight_;
    std::vector<Gated> *gated_;
    std::vector<Level> stack_;
    Reading reading_ = Reading::used;
    bool deciding_ = false; // within a statement that changes rows, where a null in place of a value would do harm
    std::size_t replaced_ = 0;

    static Node *mutate(Node *node, Rewriter *rewriter);
};

[[noreturn]] void deny(Oid relation, AttrNumber column, const Verdict &verdict) {
    const char *name = column > 0 ? pg::call([&] { return get_attname(relation, column, true); }) : nullptr;
    pg::raise(ERRCODE_INSUFFICIENT_PRIVILEGE,
              name != nullptr ? "permission denied for column " + pg::quote(name) + " of " + pg::relation_name(relation)
                              : "permission denied for columns of " + pg::relation_name(relation),
              "The gate of this role's channel says: " + verdict.rule + ".",
              "Name the columns that the statement needs, without this one.");
}

[[noreturn]] void refuse_deciding(Oid relation, const Verdict &verdict) {
    pg::raise(ERRCODE_INSUFFICIENT_PRIVILEGE,
              "a gated column of " + pg::relation_name(relation) + " cannot decide what is changed",
              "The gate of this role's channel says: " + verdict.rule + ".",
              "What would be compared is not the value. Name the rows by a column that this role sees.");
}

pg::OwnFunction masked("masked", ANYELEMENTOID, TEXTOID), permitted("permitted", ANYOID),
    statistics_visible("statistics_visible", OIDOID, INT2OID),
    extended_statistics_visible("statistics_visible", OIDOID);

/// A function of ours that is put into queries.
Oid required(pg::OwnFunction &function) {
    const Oid found = pg::call([&] { return function.id(); });
    if (!OidIsValid(found))
        pg::raise(ERRCODE_UNDEFINED_FUNCTION, std::string("gdpr.") + function.name() + "() is missing",
                  "What is gated cannot be hidden.", "ALTER EXTENSION gdpr UPDATE.");
    return found;
}

bool permits(const Node *node) {
    return IsA(node, FuncExpr) &&
           reinterpret_cast<const FuncExpr *>(node)->funcid == pg::call([] { return permitted.id(); });
}

Node *Rewriter::mutate(Node *node, Rewriter *rewriter) {
    return pg::boundary([&] { return rewriter->expression(node, rewriter->reading_); });
}

Node *Rewriter::expression(Node *node, Reading reading) {
    if (node == nullptr)
        return nullptr;
    if (IsA(node, Var))
        return variable(reinterpret_cast<Var *>(node), reading);
    if (IsA(node, Query))
        return reinterpret_cast<Node *>(query(reinterpret_cast<Query *>(node), Reading::perhaps_used));
    if (IsA(node, SubLink)) {
        auto *link = reinterpret_cast<SubLink *>(node);
        SubLink *out = pg::call([&] {
            auto *made = makeNode(SubLink);
            *made = *link;
            return made;
        });
        out->testexpr = expression(link->testexpr, reading);
        // EXISTS computes none of its columns.
        const Reading inside = link->subLinkType == EXISTS_SUBLINK ? Reading::perhaps_used : reading;
        out->subselect = IsA(link->subselect, Query)
                             ? reinterpret_cast<Node *>(query(reinterpret_cast<Query *>(link->subselect), inside))
                             : expression(link->subselect, reading);
        return reinterpret_cast<Node *>(out);
    }
    const Reading before = std::exchange(reading_, reading);
    Node *out = pg::call([&] { return expression_tree_mutator(node, pg::mutator(mutate), this); });
    reading_ = before;
    return out;
}

Node *Rewriter::variable(Var *var, Reading reading) {
    const auto same = [&] { return pg::call([&] { return static_cast<Node *>(copyObjectImpl(var)); }); };
    if (IS_SPECIAL_VARNO(var->varno) || var->varlevelsup >= stack_.size())
        return same();
    const Level &level = stack_[stack_.size() - 1 - var->varlevelsup];
    if (var->varno <= 0 || static_cast<int>(var->varno) == level.excluded ||
        static_cast<int>(var->varno) > list_length(level.query->rtable))
        return same();
    const auto *entry = rt_fetch(var->varno, level.query->rtable);
    if (entry->rtekind != RTE_RELATION) {
        if (reading == Reading::used)
            read_after_all(var);
        return same();
    }
    if (var->varattno < 0)
        return same();
    const auto columns = columns_of(entry->relid);
    if (columns->empty())
        return same();
    if (var->varattno == 0)
        return whole_row(var, entry, reading);
    const Verdict found = verdict(entry->relid, var->varattno, sight_);
    return found.gated() ? gated_column(var, entry->relid, found, reading) : same();
}

/// A column of a table that a value comes from.
void Rewriter::found(Oid relation, AttrNumber column) {
    if (column < 0)
        return;
    const Verdict whole = verdict(relation, column, sight_);
    if (whole.action == Action::deny)
        deny(relation, column, whole);
    if (gated_ == nullptr || !whole.gated())
        return;
    for (const auto &[number, origins] : *columns_of(relation))
        if (column == 0 || number == column)
            if (Verdict each = sight_.verdict(origins); each.gated())
                gated_->push_back({relation, number, std::move(each)});
}

/// A column of a subquery, a join or WITH, which is read after all.
void Rewriter::read_after_all(const Var *var) {
    if (sight_.denies || gated_ != nullptr)
        trace(reinterpret_cast<const Node *>(var), levels(),
              [&](Oid relation, AttrNumber column) { found(relation, column); });
}

Node *Rewriter::gated_column(Var *var, Oid relation, const Verdict &verdict, Reading reading) {
    replaced_++;
    if (verdict.action == Action::deny && reading == Reading::used)
        deny(relation, var->varattno, verdict);
    if (deciding_ && reading == Reading::used)
        refuse_deciding(relation, verdict);
    if (gated_ != nullptr && reading == Reading::used)
        gated_->push_back({relation, var->varattno, verdict});
    if (verdict.action != Action::mask)
        return pg::call(
            [&] { return reinterpret_cast<Node *>(makeNullConst(var->vartype, var->vartypmod, var->varcollid)); });
    const Oid function = required(masked);
    return pg::call([&] {
        auto *rule = reinterpret_cast<Node *>(
            makeConst(TEXTOID, -1, DEFAULT_COLLATION_OID, -1, CStringGetTextDatum(verdict.rule.c_str()), false, false));
        auto *call =
            reinterpret_cast<Expr *>(makeFuncExpr(function, var->vartype, list_make2(copyObjectImpl(var), rule),
                                                  var->varcollid, var->varcollid, COERCE_EXPLICIT_CALL));
        // A function's result has no modifier, the column may.
        if (var->vartypmod != -1)
            call = reinterpret_cast<Expr *>(
                makeRelabelType(call, var->vartype, var->vartypmod, var->varcollid, COERCE_IMPLICIT_CAST));
        return reinterpret_cast<Node *>(call);
    });
}

Node *Rewriter::whole_row(Var *var, const RangeTblEntry *entry, Reading reading) {
    const auto same = [&] { return pg::call([&] { return static_cast<Node *>(copyObjectImpl(var)); }); };
    if (!verdict(entry->relid, 0, sight_).gated())
        return same();
    const pg::Relation relation(entry->relid, AccessShareLock);
    const TupleDesc row = relation.descriptor();
    List *fields = NIL, *names = NIL;
    for (int i = 0; i < row->natts; i++) {
        const Form_pg_attribute column = TupleDescAttr(row, i);
        Node *field = pg::call([&] { return field_of(var, *column); });
        if (!column->attisdropped)
            if (const Verdict found = verdict(entry->relid, column->attnum, sight_); found.gated())
                field = gated_column(reinterpret_cast<Var *>(field), entry->relid, found, reading);
        pg::call([&] {
            fields = lappend(fields, field);
            names = lappend(names, makeString(pstrdup(NameStr(column->attname))));
        });
    }
    const Level &level = stack_[stack_.size() - 1 - var->varlevelsup];
    return pg::call([&] { return row_of(var, fields, names, level.query->jointree); });
}

/// The columns of a result. Those that nobody may use are read when somebody does, unless the query itself sorts or
/// groups by them.
List *Rewriter::targets(List *list, Reading reading) {
    List *out = NIL;
    ListCell *cell;
    foreach (cell, list) {
        auto *target = lfirst_node(TargetEntry, cell);
        const Reading how = target->ressortgroupref != 0 || target->resjunk ? Reading::used : reading;
        Node *expression_of = expression(reinterpret_cast<Node *>(target->expr), how);
        pg::call([&] {
            auto *made = makeNode(TargetEntry);
            *made = *target;
            made->expr = reinterpret_cast<Expr *>(expression_of);
            out = lappend(out, made);
        });
    }
    return out;
}

void Rewriter::security(RangeTblEntry *entry) {
    List *raw = entry->securityQuals;
    List *both = pg::call([&] { return static_cast<List *>(copyObjectImpl(raw)); });
    ListCell *cell;
    foreach (cell, raw) {
        auto *each = static_cast<Node *>(lfirst(cell));
        if (permits(each))
            continue;
        const std::size_t before = replaced_;
        Node *gated = expression(each, Reading::perhaps_used);
        if (replaced_ != before)
            both = pg::call([&] { return lappend(both, gated); });
    }
    entry->securityQuals = both;
}

/// Whose values pg_stats may show is a condition on pg_statistic, put where row security would put it.
void Rewriter::statistics(RangeTblEntry *entry, int index) {
    const bool extended = entry->relid == StatisticExtDataRelationId;
    const Oid function = required(extended ? extended_statistics_visible : statistics_visible);
    pg::call([&] {
        List *arguments = list_make1(makeVar(index, Anum_pg_statistic_starelid, OIDOID, -1, InvalidOid, 0));
        if (!extended)
            arguments = lappend(arguments, makeVar(index, Anum_pg_statistic_staattnum, INT2OID, -1, InvalidOid, 0));
        entry->securityQuals =
            lcons(makeFuncExpr(function, BOOLOID, arguments, InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL),
                  list_copy(entry->securityQuals));
    });
}

List *Rewriter::range_table(const Query *original) {
    List *out = NIL;
    ListCell *cell;
    foreach (cell, original->rtable) {
        auto *entry = lfirst_node(RangeTblEntry, cell);
        RangeTblEntry *made = pg::call([&] {
            auto *copy = makeNode(RangeTblEntry);
            *copy = *entry;
            return copy;
        });
        switch (entry->rtekind) {
        case RTE_RELATION:
            made->tablesample = part(entry->tablesample, Reading::used);
            if (entry->securityQuals != NIL)
                security(made);
            if (entry->relid == StatisticRelationId || entry->relid == StatisticExtDataRelationId)
                statistics(made, list_length(out) + 1);
            break;
        case RTE_SUBQUERY:
            made->subquery = query(entry->subquery, Reading::perhaps_used);
            break;
        case RTE_JOIN:
            made->joinaliasvars = part(entry->joinaliasvars, Reading::perhaps_used);
            break;
        case RTE_FUNCTION:
            made->functions = part(entry->functions, Reading::used);
            break;
        case RTE_TABLEFUNC:
            made->tablefunc = part(entry->tablefunc, Reading::used);
            break;
        case RTE_VALUES:
            made->values_lists = part(entry->values_lists, Reading::used);
            break;
#if PG_VERSION_NUM >= 180000
        case RTE_GROUP:
            made->groupexprs = part(entry->groupexprs, Reading::used);
            break;
#endif
        default:
            break;
        }
        out = pg::call([&] { return lappend(out, made); });
    }
    return out;
}

Query *Rewriter::query(Query *original, Reading reading) {
    if (original->commandType == CMD_UTILITY)
        return original;
    stack_.push_back({original, original->onConflict != nullptr ? original->onConflict->exclRelIndex : 0});
    const bool writes = original->commandType == CMD_INSERT || original->commandType == CMD_UPDATE ||
                        original->commandType == CMD_MERGE;
    const bool outside = std::exchange(deciding_, deciding_ || writes || original->commandType == CMD_DELETE);
    if (writes)
        refuse_writing(*original, levels(), sight_);
    if (original->setOperations != nullptr && reading == Reading::used && (sight_.denies || gated_ != nullptr)) {
        Levels around = levels();
        around.pop_back();
        trace_output(original, 0, around, [&](Oid relation, AttrNumber column) { found(relation, column); });
    }
    // Lists that need care of their own stay out of the general walk.
    Query bare = *original;
    bare.targetList = bare.returningList = bare.withCheckOptions = bare.rtable = bare.cteList = NIL;
    bare.onConflict = nullptr;
    const Reading before = std::exchange(reading_, Reading::used);
    Query *out = pg::call([&] { return query_tree_mutator(&bare, pg::mutator(mutate), this, 0); });
    reading_ = before;
    out->rtable = range_table(original);
    ListCell *cell;
    foreach (cell, original->cteList) {
        auto *with = lfirst_node(CommonTableExpr, cell);
        Node *inside = expression(with->ctequery, Reading::perhaps_used);
        pg::call([&] {
            auto *made = makeNode(CommonTableExpr);
            *made = *with;
            made->ctequery = inside;
            out->cteList = lappend(out->cteList, made);
        });
    }
    const bool selects = original->commandType == CMD_SELECT;
    out->targetList = targets(original->targetList, selects ? reading : Reading::used);
    // What may be stored is the table's owner's to say, of the values that are stored.
    out->withCheckOptions = original->withCheckOptions;
    if (original->onConflict != nullptr) {
        out->onConflict = pg::call([&] { return static_cast<OnConflictExpr *>(copyObjectImpl(original->onConflict)); });
        out->onConflict->onConflictSet = targets(original->onConflict->onConflictSet, Reading::used);
        out->onConflict->onConflictWhere = expression(original->onConflict->onConflictWhere, Reading::used);
    }
    deciding_ = outside;
    out->returningList = targets(original->returningList, reading);
    stack_.pop_back();
    return out;
}

} // namespace

Query *rewrite(Query *query, const Sight &sight, std::vector<Gated> *gated) {
    return Rewriter(sight, gated).query(query, Reading::used);
}

} // namespace gdpr::gate
