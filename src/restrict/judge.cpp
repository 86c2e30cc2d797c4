#include "restrict/judge.hpp"

#include "consent/consenting.hpp"
#include "pg/pg.hpp"
#include "restrict/set.hpp"
#include "subject/owner.hpp"

namespace gdpr::restriction {

namespace {

constexpr std::size_t remembered_at_most = 4096;
/// Reading one event of consent in its turn costs this part of a look-up.
constexpr double event_cost = 0.1;

} // namespace

Judge::Judge(Oid relation, std::vector<AttrNumber> columns) : relation_(relation), columns_(std::move(columns)) {}

void Judge::renew() {
    const std::uint64_t epoch = refresh_now();
    const Oid role = GetUserId();
    const std::optional<Processing> plain = plain_processing(role);
    std::optional<Circumstances> here;
    if (plain)
        here = {epoch, subject::generation(), settings_version(), role, plain->restricted};
    if (here && here == lasting_)
        return;
    lasting_.reset();
    std::shared_ptr<const Rule> rule = rule_of(relation_, columns_, plain ? *plain : processing(role));
    role_ = role;
    settings_ = settings_version();
    // What was gathered belongs to the statement before: rows on the way to the people may have changed owners.
    rule_ = std::move(rule);
    start_ways();
    if (rule_->lasting || rule_->all)
        lasting_ = here;
}

void Judge::rest() {
    if (lasting_)
        return;
    rule_.reset();
    ways_.clear();
    remembered_ = {};
    only_ = nullptr;
}

void Judge::start_ways() {
    ways_.clear();
    remembered_.clear();
    only_ = nullptr;
    asked_ = worth_ = consents_asked_ = 0;
    consents_read_ = false;
    if (rule_->all)
        return;
    if (std::any_of(rule_->ways.begin(), rule_->ways.end(), [](const auto &way) { return way.by_consent; }))
        consents_worth_ = event_cost * consent::events();
    for (const auto &way : rule_->ways) {
        const bool direct = way.levels.empty();
        ways_.push_back({direct ? way.denied : nullptr, nullptr, direct});
        if (!direct)
            worth_ += way.descent;
    }
    find_only();
}

void Judge::find_only() {
    if (!rule_->complete || ways_.size() != 1)
        return;
    // The keys of a way further down tell of consent, too.
    if (!ways_.front().direct || !rule_->ways.front().by_consent)
        only_ = ways_.front().hidden.get();
}

bool Judge::consenting(std::size_t number, Datum value) {
    const restriction::Way &way = rule_->ways[number];
    Way &state = ways_[number];
    const std::string &purpose = rule_->processing.purpose;
    if (!state.allowed && !consents_read_)
        state.allowed = consent::consenting_known(way.subject, purpose, way.person);
    // Reading them all pays once so many were asked about.
    if (!state.allowed && !consents_read_ && ++consents_asked_ > consents_worth_) {
        consents_read_ = true;
        state.allowed = consent::consenting(way.subject, purpose, way.person);
    }
    if (!state.allowed)
        return consent::lawful({way.subject, way.form.text(value)}, purpose);
    return state.allowed->contains(way.form, value);
}

bool Judge::direct_permitted(std::size_t number, Datum value) {
    const restriction::Way &way = rule_->ways[number];
    if (ways_[number].hidden->contains(way.form, value))
        return false;
    return !way.by_consent || !way.levels.empty() || consenting(number, value);
}

bool Judge::permitted(const NullableDatum *values) {
    if (rule_->all)
        return true;
    if (!rule_->complete)
        return asked_permitted(values);
    bool unknown = false;
    for (std::size_t i = 0; i < ways_.size(); i++) {
        const NullableDatum &value = values[rule_->ways[i].argument];
        if (value.isnull)
            continue;
        if (!ways_[i].hidden)
            unknown = true;
        else if (!direct_permitted(i, value.value))
            return false;
    }
    return !unknown || asked_permitted(values);
}

bool Judge::asked_permitted(const NullableDatum *values) {
    if (++asked_ > worth_ && rule_->complete) {
        follow_down();
        return permitted(values);
    }
    if (columns_.size() != 1)
        return ask(values);
    if (values->isnull)
        return true;
    if (asked_ == 2 && pg::call([&] { return get_typbyval(get_atttype(relation_, columns_.front())); }))
        remembered_.resize(remembered_at_most);
    if (remembered_.empty())
        return ask(values);
    Remembered &answer = remembered_[values->value % remembered_at_most];
    if (!answer.known || answer.key != values->value)
        answer = {values->value, true, ask(values)};
    return answer.permitted;
}

void Judge::follow_down() {
    for (std::size_t i = 0; i < ways_.size(); i++)
        if (!ways_[i].hidden)
            ways_[i].hidden = restriction::follow_down(rule_->ways[i], rule_->processing);
    find_only();
    // Too many to keep: each row's owners are looked up after all.
    worth_ = 1e300;
}

bool Judge::ask(const NullableDatum *values) {
    bool told = rule_->complete;
    for (std::size_t i = 0; told && i < ways_.size(); i++) {
        const NullableDatum &value = values[rule_->ways[i].argument];
        if (value.isnull || ways_[i].hidden)
            continue;
        const std::optional<bool> denied = leads_to_denied(rule_->ways[i], value.value);
        if (denied && *denied)
            return false;
        told = denied.has_value();
    }
    return told || look_up(values);
}

bool Judge::look_up(const NullableDatum *values) {
    if (!slot_) {
        pg::Relation opened(relation_, AccessShareLock);
        slot_.reset(pg::call([&] {
                        MemoryContext previous = MemoryContextSwitchTo(TopMemoryContext);
                        TupleTableSlot *made =
                            MakeSingleTupleTableSlot(CreateTupleDescCopy(opened.descriptor()), &TTSOpsVirtual);
                        MemoryContextSwitchTo(previous);
                        return made;
                    }),
                    ExecDropSingleTupleTableSlot);
    }
    std::fill_n(slot_->tts_isnull, slot_->tts_tupleDescriptor->natts, true);
    for (std::size_t i = 0; i < columns_.size(); i++) {
        slot_->tts_values[columns_[i] - 1] = values[i].value;
        slot_->tts_isnull[columns_[i] - 1] = values[i].isnull;
    }
    // A virtual slot without memory of its own: nothing here can raise.
    ExecClearTuple(slot_.get());
    ExecStoreVirtualTuple(slot_.get());
    const std::vector<subject::Subject> owners = subject::owners_of(relation_, slot_.get());
    return std::all_of(owners.begin(), owners.end(),
                       [&](const auto &owner) { return restriction::permitted(owner, rule_->processing); });
}

} // namespace gdpr::restriction
