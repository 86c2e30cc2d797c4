#include "consent/consenting.hpp"

#include "consent/records.hpp"
#include "pg/pg.hpp"
#include "restrict/processing.hpp"
#include "restrict/rule.hpp"

#include <unordered_map>

namespace gdpr::consent {

namespace {

constexpr std::size_t kept_at_most = 1000000;
constexpr std::string_view consent_word = "consent";

/// What bases were set of the people of one table, for one purpose: of all of them, and of some by themselves.
struct Bases {
    std::optional<bool> by_consent;            // of all
    std::unordered_map<std::string, bool> own; // by key
    bool some_by_consent = false;
    bool large = false; // too many to be kept: each is looked up
};

/// Keys, and which of them change sides when consents lapse, the soonest last.
struct Lapsing {
    std::shared_ptr<restriction::Keys> keys;
    std::vector<std::pair<TimestampTz, std::string>> ends;
    bool joins; // those whose consent lapses join the keys; else they leave them
};

using About = std::pair<Oid, std::string>;

struct Known {
    std::map<std::tuple<Oid, std::string, Oid>, Lapsing> consenting, lacking; // without keys: too many
    std::map<About, std::shared_ptr<const Bases>> bases;
    TimestampTz next_lapse = DT_NOEND;
};
Known *known = nullptr;
std::uint64_t version = 1;
// What the invalidation callback knows: it may neither look anything up nor free.
Oid watched = InvalidOid;
bool stale = true;

void relation_changed(Oid relation) {
    if (!OidIsValid(relation) || relation == watched)
        stale = true;
}

/// What stands for all consent in messages between sessions: a view, so that nobody must look anew at the table.
Oid signal() { return pg::gdpr_relation("consent"); }

/// Consents lapse from one statement to the next; the same in all workers of a query.
TimestampTz now() { return GetCurrentStatementStartTimestamp(); }

void lapse() {
    TimestampTz next = DT_NOEND;
    for (auto *sets : {&known->consenting, &known->lacking})
        for (auto &[what, set] : *sets) {
            for (; !set.ends.empty() && set.ends.back().first <= now(); set.ends.pop_back())
                if (set.joins)
                    set.keys->add(set.ends.back().second);
                else
                    set.keys->remove(set.ends.back().second);
            if (!set.ends.empty())
                next = std::min(next, set.ends.back().first);
        }
    known->next_lapse = next;
    version++;
}

Known &current() {
    if (known == nullptr || stale) {
        watched = signal();
        stale = false; // what changes while we read makes it stale again
        delete known;
        known = new Known;
        version++;
    } else if (known->next_lapse <= now())
        lapse();
    return *known;
}

std::shared_ptr<const Bases> read_bases(Oid subject_table, const std::string &purpose) {
    pg::TemporaryContext context("gdpr bases");
    const pg::NewestSnapshot snapshot(pg::gdpr_relation("basis_event"));
    auto bases = std::make_shared<Bases>();
    std::unordered_map<std::string, std::pair<std::int64_t, std::string>> newest;
    std::pair<std::int64_t, std::string> of_all{0, ""};
    bases->large = !each_basis(purpose, snapshot.get(), [&](const BasisEvent &event) {
        if (event.table != subject_table)
            return true;
        auto &state = event.key ? newest[*event.key] : of_all;
        if (event.id > state.first)
            state = {event.id, event.basis};
        return newest.size() <= kept_at_most;
    });
    if (!of_all.second.empty())
        bases->by_consent = of_all.second == consent_word;
    for (const auto &[key, state] : newest)
        if (!state.second.empty()) {
            bases->own[key] = state.second == consent_word;
            bases->some_by_consent = bases->some_by_consent || state.second == consent_word;
        }
    if (bases->large)
        bases->own.clear();
    return bases;
}

std::shared_ptr<const Bases> bases_of(Oid subject_table, const std::string &purpose) {
    const About about(subject_table, purpose);
    if (const auto found = current().bases.find(about); found != known->bases.end())
        return found->second;
    std::shared_ptr<const Bases> fresh = read_bases(subject_table, purpose);
    if (!stale)
        known->bases[about] = fresh;
    return fresh;
}

/// Is consent asked of this person? Nothing where they have no basis of their own.
std::optional<bool> own_by_consent(const Bases &bases, const subject::Subject &subject, const std::string &purpose) {
    if (bases.large) {
        const pg::NewestSnapshot snapshot(pg::gdpr_relation("basis_event"));
        const std::string word = newest_basis(subject, purpose, snapshot.get());
        return word.empty() ? std::nullopt : std::optional(word == consent_word);
    }
    const auto found = bases.own.find(subject.key);
    return found == bases.own.end() ? std::nullopt : std::optional(found->second);
}

void sort_ends(Lapsing &set) {
    std::sort(set.ends.begin(), set.ends.end(),
              [](const auto &one, const auto &other) { return one.first > other.first; });
    if (!set.ends.empty())
        known->next_lapse = std::min(known->next_lapse, set.ends.back().first);
}

Lapsing read_consenting(Oid subject_table, const std::string &purpose, const restriction::Form &form) {
    const std::shared_ptr<const Bases> bases = bases_of(subject_table, purpose);
    if (bases->large)
        return {};
    pg::TemporaryContext context("gdpr consent");
    const pg::NewestSnapshot snapshot(pg::gdpr_relation("consent_event"));
    std::unordered_map<std::string, Event> newest;
    const bool all = each_event(purpose, snapshot.get(), [&](const Event &event) {
        if (event.table != subject_table)
            return true;
        auto [state, first] = newest.try_emplace(event.key, event);
        if (!first && event.id > state->second.id)
            state->second = event;
        return newest.size() <= kept_at_most;
    });
    if (!all)
        return {};
    Lapsing set{std::make_shared<restriction::Keys>(form, newest.size() + bases->own.size()), {}, false};
    for (const auto &[key, by_consent] : bases->own)
        if (!by_consent)
            set.keys->add(key);
    for (const auto &[key, event] : newest) {
        const auto own = bases->own.find(key);
        if (!event.in_force(now()) || (own != bases->own.end() && !own->second))
            continue;
        set.keys->add(key);
        if (event.until != DT_NOEND)
            set.ends.emplace_back(event.until, key);
    }
    return set;
}

Lapsing read_lacking(Oid subject_table, const std::string &purpose, const restriction::Form &form) {
    const std::shared_ptr<const Bases> bases = bases_of(subject_table, purpose);
    if (bases->large)
        return {};
    pg::TemporaryContext context("gdpr consent");
    const pg::NewestSnapshot snapshot(pg::gdpr_relation("consent_event"));
    Lapsing set{std::make_shared<restriction::Keys>(form, bases->own.size()), {}, true};
    for (const auto &[key, by_consent] : bases->own) {
        if (!by_consent)
            continue;
        const auto event = newest_event({subject_table, key}, purpose, snapshot.get());
        if (!event || !event->in_force(now()))
            set.keys->add(key);
        else if (event->until != DT_NOEND)
            set.ends.emplace_back(event->until, key);
        context.reset();
    }
    return set;
}

using Sets = std::map<std::tuple<Oid, std::string, Oid>, Lapsing>;

template <typename Read>
std::shared_ptr<const restriction::Keys> kept(Sets Known::*sets, Oid subject_table, const std::string &purpose,
                                              const restriction::Form &form, Read read) {
    const std::tuple what(subject_table, purpose, form.type());
    if (const auto found = (current().*sets).find(what); found != (known->*sets).end())
        return found->second.keys;
    Lapsing fresh = read(subject_table, purpose, form);
    std::shared_ptr<const restriction::Keys> keys = fresh.keys;
    if (!stale) {
        sort_ends(fresh);
        (known->*sets)[what] = std::move(fresh);
    }
    return keys;
}

} // namespace

bool consents(const subject::Subject &subject, const std::string &purpose) {
    const pg::NewestSnapshot snapshot(pg::gdpr_relation("consent_event"));
    const auto event = newest_event(subject, purpose, snapshot.get());
    return event && event->in_force(now());
}

bool lawful(const subject::Subject &subject, const std::string &purpose) {
    const std::shared_ptr<const Bases> bases = bases_of(subject.table, purpose);
    const bool by_consent =
        own_by_consent(*bases, subject, purpose).value_or(bases->by_consent.value_or(restriction::by_consent(purpose)));
    return !by_consent || consents(subject, purpose);
}

Asked asked(Oid subject_table, const std::string &purpose) {
    const std::shared_ptr<const Bases> bases = bases_of(subject_table, purpose);
    if (bases->by_consent.value_or(restriction::by_consent(purpose)))
        return Asked::everyone;
    return bases->some_by_consent || bases->large ? Asked::some : Asked::nobody;
}

std::uint64_t consents_version() {
    (void)current();
    return version;
}

std::shared_ptr<const restriction::Keys> consenting(Oid subject_table, const std::string &purpose,
                                                    const restriction::Form &form) {
    return kept(&Known::consenting, subject_table, purpose, form, read_consenting);
}

std::shared_ptr<const restriction::Keys> lacking(Oid subject_table, const std::string &purpose,
                                                 const restriction::Form &form) {
    return kept(&Known::lacking, subject_table, purpose, form, read_lacking);
}

std::shared_ptr<const restriction::Keys> consenting_known(Oid subject_table, const std::string &purpose,
                                                          const restriction::Form &form) {
    const auto found = current().consenting.find({subject_table, purpose, form.type()});
    return found != known->consenting.end() ? found->second.keys : nullptr;
}

double events() { return restriction::rows_of(pg::gdpr_relation("consent_event")); }

double consenting_estimate(Oid subject_table, const std::string &purpose) {
    for (const auto &[what, set] : current().consenting)
        if (std::get<0>(what) == subject_table && std::get<1>(what) == purpose && set.keys)
            return static_cast<double>(set.keys->size());
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
