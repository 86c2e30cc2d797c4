#include "consent/consenting.hpp"

#include "consent/records.hpp"
#include "pg/pg.hpp"
#include "restrict/rule.hpp"

#include <unordered_map>

namespace gdpr::consent {

namespace {

constexpr std::size_t kept_at_most = 1000000;

struct Known {
    std::map<std::tuple<Oid, std::string, Oid>, std::shared_ptr<const restriction::Keys>> keys; // null: too many
};
Known *known = nullptr;
// What the invalidation callback knows: it may neither look anything up nor free.
Oid watched = InvalidOid;
bool stale = true;

void relation_changed(Oid relation) {
    if (!OidIsValid(relation) || relation == watched)
        stale = true;
}

/// What stands for all consent in messages between sessions: a view, so that nobody must look anew at the table.
Oid signal() { return pg::gdpr_relation("consent"); }

Known &current() {
    if (known == nullptr || stale) {
        watched = signal();
        stale = false; // what changes while we read makes it stale again
        delete known;
        known = new Known;
    }
    return *known;
}

std::shared_ptr<const restriction::Keys> read(Oid subject_table, const std::string &purpose,
                                              const restriction::Form &form) {
    pg::TemporaryContext context("gdpr consent");
    const pg::NewestSnapshot snapshot(pg::gdpr_relation("consent_event"));
    std::unordered_map<std::string, std::pair<std::int64_t, bool>> newest;
    bool all = each_event(purpose, snapshot.get(), [&](const Event &event) {
        if (event.table != subject_table)
            return true;
        auto &state = newest[event.key];
        if (event.id > state.first)
            state = {event.id, event.given};
        return newest.size() <= kept_at_most;
    });
    if (!all)
        return nullptr;
    auto keys = std::make_shared<restriction::Keys>(form, newest.size());
    for (const auto &[key, state] : newest)
        if (state.second)
            keys->add(key);
    return keys;
}

} // namespace

bool consents(const subject::Subject &subject, const std::string &purpose) {
    const pg::NewestSnapshot snapshot(pg::gdpr_relation("consent_event"));
    return newest_event(subject, purpose, snapshot.get()).value_or(false);
}

std::shared_ptr<const restriction::Keys> consenting(Oid subject_table, const std::string &purpose,
                                                    const restriction::Form &form) {
    const std::tuple what(subject_table, purpose, form.type());
    if (const auto found = current().keys.find(what); found != known->keys.end())
        return found->second;
    std::shared_ptr<const restriction::Keys> fresh = read(subject_table, purpose, form);
    if (!stale)
        known->keys[what] = fresh;
    return fresh;
}

std::shared_ptr<const restriction::Keys> consenting_known(Oid subject_table, const std::string &purpose,
                                                          const restriction::Form &form) {
    const auto found = current().keys.find({subject_table, purpose, form.type()});
    return found != known->keys.end() ? found->second : nullptr;
}

double events() { return restriction::rows_of(pg::gdpr_relation("consent_event")); }

double consenting_estimate(Oid subject_table, const std::string &purpose) {
    for (const auto &[what, keys] : current().keys)
        if (std::get<0>(what) == subject_table && std::get<1>(what) == purpose && keys)
            return static_cast<double>(keys->size());
    return events();
}

void consent_changed() {
    const Oid view = signal();
    pg::call([&] { CacheInvalidateRelcacheByRelid(view); });
}

void init_consenting() { pg::on_relation_change(relation_changed); }

} // namespace gdpr::consent

using namespace gdpr;

GDPR_FUNCTION(gdpr_consent_changed) {
    if (!CALLED_AS_TRIGGER(fcinfo))
        pg::raise(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "gdpr.consent_changed() must be called as a trigger");
    consent::consent_changed();
    return PointerGetDatum(nullptr);
}
