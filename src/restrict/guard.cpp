// The triggers gdpr_restriction_guard and gdpr_restriction_truncate: they stop what row security does not.
#include "pg/pg.hpp"
#include "restrict/policy.hpp"
#include "restrict/processing.hpp"
#include "restrict/set.hpp"
#include "subject/owner.hpp"

using namespace gdpr;

namespace {

/// Who is behind a change. Referential actions run as the owner of the table they change, perhaps a superuser: behind
/// them is whoever the client acts as. A function of SECURITY DEFINER stands for its owner, as in row security.
Oid actor() {
    const Oid acting = pg::acting_user();
    return acting == GetUserId() && InNoForceRLSOperation() ? GetOuterUserId() : acting;
}

/// Can rows of the relation belong to anyone who is restricted now?
bool concerns(Oid relation) {
    const Oid node = subject::node_of(relation);
    if (!OidIsValid(node))
        return false;
    restriction::require_decided(node);
    const std::vector<subject::Path> paths = subject::graph().paths_to_subjects(node);
    return std::any_of(paths.begin(), paths.end(),
                       [](const auto &path) { return restriction::anyone_of(path.subject); });
}

/// A row of two people is out of reach as soon as one of them is restricted.
bool any_restricted(const std::vector<subject::Subject> &owners) {
    return std::any_of(owners.begin(), owners.end(), [](const auto &owner) { return restriction::contains(owner); });
}

/// What a trigger knows of its statement.
struct Site {
    std::uint64_t epoch;
    Oid role;
    bool all; // every change is permitted
};

bool all_permitted(Oid relation, FunctionCallInfo fcinfo) {
    auto *site = static_cast<Site *>(fcinfo->flinfo->fn_extra);
    const Oid role = actor();
    const std::uint64_t epoch = site == nullptr ? restriction::refresh_now() : restriction::refresh();
    if (site != nullptr && site->epoch == epoch && site->role == role)
        return site->all;
    // Nobody restricted: not even the graph is needed.
    const bool all = !restriction::anyone() || restriction::may_change(role) || !concerns(relation);
    if (site == nullptr)
        fcinfo->flinfo->fn_extra = site = static_cast<Site *>(
            pg::call([&] { return MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Site)); }));
    *site = {epoch, role, all};
    return all;
}

[[noreturn]] void refuse(Oid relation, const char *detail, const char *hint) {
    pg::raise(ERRCODE_INSUFFICIENT_PRIVILEGE,
              "processing is restricted: rows of " + pg::relation_name(relation) + " cannot be changed", detail, hint);
}

} // namespace

GDPR_FUNCTION(gdpr_restriction_guard) {
    if (!CALLED_AS_TRIGGER(fcinfo))
        pg::raise(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "gdpr.restriction_guard() must be called as a trigger");
    const auto *trigger = reinterpret_cast<TriggerData *>(fcinfo->context);
    const Oid relation = RelationGetRelid(trigger->tg_relation);
    const bool all = all_permitted(relation, fcinfo);
    if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event)) {
        // TRUNCATE knows no rows: it is refused while it might reach someone.
        if (!all)
            refuse(relation, "TRUNCATE would reach people whose processing is restricted.",
                   "DELETE the rows instead, or ask a member of gdpr_officer.");
        return PointerGetDatum(nullptr);
    }
    // A row that comes to belong to a restricted person may be stored (Art. 18(2)): only what it was counts.
    if (!all &&
        any_restricted(subject::owners_of(relation, trigger->tg_trigtuple, RelationGetDescr(trigger->tg_relation))))
        refuse(relation, "The change reaches someone whose processing is restricted.",
               "Ask a member of gdpr_officer to make it, or to lift the restriction.");
    return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple);
}
