// gdpr.permitted(): the predicate of the policy gdpr_restriction, asked for every row that a query touches.
#include "pg/pg.hpp"
#include "restrict/check.hpp"
#include "restrict/policy.hpp"
#include "restrict/set.hpp"
#include "restrict/shortcut.hpp"
#include "subject/owner.hpp"

namespace gdpr::restriction {

namespace {

/// What one place in a running plan knows; lives as long as the execution.
class Site {
  public:
    /// Answers for the row whose columns are the arguments after the first.
    bool permitted(Oid relation, FunctionCallInfo fcinfo);

  private:
    void judge(Oid relation, FunctionCallInfo fcinfo);
    void prepare(FunctionCallInfo fcinfo);
    bool ask(FunctionCallInfo fcinfo);
    bool recall(FunctionCallInfo fcinfo);

    Oid relation_ = InvalidOid;
    Oid role_ = InvalidOid;
    std::uint64_t epoch_ = 0;
    bool all_ = false;                // every row is permitted
    std::vector<AttrNumber> columns_; // of the arguments
    std::optional<Shortcut> shortcut_;
    TupleTableSlot *slot_ = nullptr; // in the memory context of the execution

    // Rows further down hang on few keys, and those of one key lie side by side: the answers are remembered.
    struct Remembered {
        Datum key;
        bool known, permitted;
    };
    static constexpr std::size_t remembered_at_most = 4096;
    std::vector<Remembered> remembered_; // by the key's last bits; none unless one value decides
};

/// Whatever may change while a plan runs (a cursor is fetched from, another role is set) is judged anew; nothing here
/// happens for each row.
void Site::judge(Oid relation, FunctionCallInfo fcinfo) {
    const std::uint64_t epoch = relation_ == InvalidOid ? refresh_now() : refresh();
    const Oid role = GetUserId();
    relation_ = relation;
    all_ = !anyone() || sees_restricted(role) || !concerns(relation);
    if (!all_)
        prepare(fcinfo);
    role_ = role;
    epoch_ = epoch;
}

void Site::prepare(FunctionCallInfo fcinfo) {
    pg::Relation opened(relation_, AccessShareLock);
    columns_ = policy_columns(opened.get());
    // Fail closed: labels that changed since the policy was made may need a column that it does not pass.
    const std::vector<AttrNumber> needed = subject::owner_columns(relation_);
    const bool complete = std::all_of(needed.begin(), needed.end(), [&](AttrNumber column) {
        return std::find(columns_.begin(), columns_.end(), column) != columns_.end();
    });
    if (!complete || columns_.size() + 1 != static_cast<std::size_t>(PG_NARGS()))
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                  "the policy gdpr_restriction of " + pg::relation_name(relation_) + " is not what the labels say",
                  "It cannot tell whose the rows are.", "CALL gdpr.apply().");
    shortcut_ = Shortcut::find(opened.get(), columns_);
    remembered_.clear();
    if (!shortcut_ && columns_.size() == 1 && TupleDescAttr(opened.descriptor(), columns_.front() - 1)->attbyval)
        remembered_.resize(remembered_at_most);
    if (slot_ == nullptr)
        slot_ = pg::call([&] {
            MemoryContext previous = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
            TupleTableSlot *slot = MakeSingleTupleTableSlot(CreateTupleDescCopy(opened.descriptor()), &TTSOpsVirtual);
            MemoryContextSwitchTo(previous);
            return slot;
        });
}

bool Site::ask(FunctionCallInfo fcinfo) {
    const int natts = slot_->tts_tupleDescriptor->natts;
    std::fill_n(slot_->tts_isnull, natts, true);
    for (std::size_t i = 0; i < columns_.size(); i++) {
        const int at = columns_[i] - 1;
        slot_->tts_values[at] = fcinfo->args[i + 1].value;
        slot_->tts_isnull[at] = fcinfo->args[i + 1].isnull;
    }
    // A virtual slot without memory of its own: nothing here can raise.
    ExecClearTuple(slot_);
    ExecStoreVirtualTuple(slot_);
    return !any_restricted(subject::owners_of(relation_, slot_));
}

bool Site::recall(FunctionCallInfo fcinfo) {
    const NullableDatum &argument = fcinfo->args[1];
    if (argument.isnull)
        return true;
    Remembered &answer = remembered_[argument.value % remembered_at_most];
    if (!answer.known || answer.key != argument.value)
        answer = {argument.value, true, ask(fcinfo)};
    return answer.permitted;
}

bool Site::permitted(Oid relation, FunctionCallInfo fcinfo) {
    if (relation != relation_ || GetUserId() != role_ || refresh() != epoch_)
        judge(relation, fcinfo);
    if (all_)
        return true;
    if (shortcut_)
        return shortcut_->permitted(fcinfo);
    return remembered_.empty() ? ask(fcinfo) : recall(fcinfo);
}

Site &site_of(FunctionCallInfo fcinfo) {
    if (fcinfo->flinfo->fn_extra != nullptr)
        return *static_cast<Site *>(fcinfo->flinfo->fn_extra);
    auto *callback = pg::call([&] {
        return static_cast<MemoryContextCallback *>(
            MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(MemoryContextCallback)));
    });
    auto *site = new Site;
    callback->func = [](void *argument) { delete static_cast<Site *>(argument); };
    callback->arg = site;
    MemoryContextRegisterResetCallback(fcinfo->flinfo->fn_mcxt, callback);
    fcinfo->flinfo->fn_extra = site;
    return *site;
}

} // namespace

} // namespace gdpr::restriction

using namespace gdpr;

GDPR_FUNCTION(gdpr_permitted) {
    if (PG_NARGS() == 0 || PG_ARGISNULL(0))
        pg::raise(ERRCODE_NULL_VALUE_NOT_ALLOWED, "gdpr.permitted() needs a relation");
    PG_RETURN_BOOL(restriction::site_of(fcinfo).permitted(PG_GETARG_OID(0), fcinfo));
}

/// Few people are restricted at a time. Asking costs a comparison for each restricted person, or a look-up or two.
GDPR_FUNCTION(gdpr_permitted_support) {
    auto *request = reinterpret_cast<Node *>(PG_GETARG_POINTER(0));
    if (IsA(request, SupportRequestSelectivity)) {
        reinterpret_cast<SupportRequestSelectivity *>(request)->selectivity = 1.0;
        PG_RETURN_POINTER(request);
    }
    if (IsA(request, SupportRequestCost)) {
        auto *cost = reinterpret_cast<SupportRequestCost *>(request);
        cost->startup = 0;
        cost->per_tuple = 4 * cpu_operator_cost;
        PG_RETURN_POINTER(request);
    }
    PG_RETURN_POINTER(nullptr);
}
