// gdpr.permitted(): the predicate of the policy gdpr_restriction. Scans mostly answer without calling it (see
// filter.cpp); it stands for itself everywhere else, and in sessions where the library came late.
#include "gate/gate.hpp"
#include "pg/function.hpp"
#include "pg/pg.hpp"
#include "restrict/filter.hpp"
#include "restrict/judge.hpp"
#include "restrict/policy.hpp"
#include "restrict/set.hpp"

namespace gdpr::restriction {

namespace {

/// What one place in a running plan knows; lives as long as the execution.
class Site {
  public:
    Site(Oid relation, std::vector<AttrNumber> columns) : judge_(relation, std::move(columns)) {}

    bool permitted(FunctionCallInfo fcinfo) {
        // Whatever may change while a plan runs (a cursor is fetched from, another role is set) is judged anew.
        if (const std::uint64_t epoch = refresh(); epoch != epoch_ || !judge_.current() || run_ != current_run()) {
            judge_.renew();
            epoch_ = refresh();
            run_ = current_run();
        }
        return judge_.permitted(fcinfo->args + 1);
    }

    Oid relation() const noexcept { return judge_.relation(); }

  private:
    Judge judge_;
    std::uint64_t epoch_ = 0, run_ = 0;
};

Site &site_of(FunctionCallInfo fcinfo) {
    const Oid relation = PG_GETARG_OID(0);
    if (auto *known = static_cast<Site *>(fcinfo->flinfo->fn_extra); known != nullptr && known->relation() == relation)
        return *known;
    gate::require_gated_plan();
    auto site = std::make_unique<Site>(relation, columns_passed(relation, PG_NARGS() - 1));
    auto *callback = pg::call([&] {
        return static_cast<MemoryContextCallback *>(
            MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(MemoryContextCallback)));
    });
    callback->func = [](void *argument) { delete static_cast<Site *>(argument); };
    callback->arg = site.get();
    MemoryContextRegisterResetCallback(fcinfo->flinfo->fn_mcxt, callback);
    fcinfo->flinfo->fn_extra = site.get();
    return *site.release();
}

/// The rule of a call whose arguments are a plan's; null where it cannot be told yet.
std::shared_ptr<const Rule> rule_of_call(const List *arguments) {
    const auto *first = static_cast<const Node *>(linitial(arguments));
    if (!IsA(first, Const) || reinterpret_cast<const Const *>(first)->constisnull)
        return nullptr;
    const Oid relation = DatumGetObjectId(reinterpret_cast<const Const *>(first)->constvalue);
    (void)refresh();
    pg::Relation opened(relation, AccessShareLock);
    return rule_of(relation, policy_columns(opened.get()), processing(GetUserId()));
}

} // namespace

} // namespace gdpr::restriction

using namespace gdpr;

GDPR_FUNCTION(gdpr_permitted) {
    if (PG_NARGS() == 0 || PG_ARGISNULL(0))
        pg::raise(ERRCODE_NULL_VALUE_NOT_ALLOWED, "gdpr.permitted() needs a relation");
    PG_RETURN_BOOL(restriction::site_of(fcinfo).permitted(fcinfo));
}

/// How many rows it leaves is known: who is denied, and how many people there are. Asking costs a comparison of bytes,
/// or a look-up or two.
GDPR_FUNCTION(gdpr_permitted_support) {
    auto *request = reinterpret_cast<Node *>(PG_GETARG_POINTER(0));
    // Conditions that are LEAKPROOF may come before the policy's, and estimates before both.
    gate::require_gated_planner();
    if (IsA(request, SupportRequestSelectivity)) {
        auto *selectivity = reinterpret_cast<SupportRequestSelectivity *>(request);
        const auto rule = restriction::rule_of_call(selectivity->args);
        selectivity->selectivity = rule ? restriction::permitted_part(*rule) : 1.0;
        PG_RETURN_POINTER(request);
    }
    PG_RETURN_POINTER(pg::answer_cost(request) ? request : nullptr);
}
