// From the people who are out of reach down to the keys that a relation's rows hang on, a level at a time and whole:
// by an index where they are few, else by reading the level's table once. For one statement, since rows on the way
// may have another owner by the next.
#include "consent/consenting.hpp"
#include "pg/pg.hpp"
#include "restrict/judge.hpp"
#include "restrict/set.hpp"

namespace gdpr::restriction {

namespace {

constexpr std::size_t kept_at_most = 4000000;
// In look-ups of one row's owners, which is several index probes.
constexpr double probe_cost = 0.2, row_cost = 0.02, start_cost = 2;

Form form_of(Oid relation, const std::string &column) {
    Oid type, collation;
    int32 typmod;
    pg::call(
        [&] { get_atttypetypmodcoll(relation, get_attnum(relation, column.c_str()), &type, &typmod, &collation); });
    return *Form::of(type, collation); // the rule has asked before
}

AttrNumber number_of(Oid relation, const std::string &column) {
    return pg::call([&] { return get_attnum(relation, column.c_str()); });
}

/// The tables that hold a relation's rows.
std::vector<Oid> heaps_of(Oid relation) {
    if (pg::call([&] { return get_rel_relkind(relation); }) == RELKIND_RELATION)
        return {relation};
    std::vector<Oid> heaps;
    List *all = pg::call([&] { return find_all_inheritors(relation, AccessShareLock, nullptr); });
    ListCell *cell;
    foreach (cell, all)
        if (pg::call([&] { return get_rel_relkind(lfirst_oid(cell)); }) == RELKIND_RELATION)
            heaps.push_back(lfirst_oid(cell));
    return heaps;
}

double rows_of_all(Oid relation) {
    double rows = 0;
    for (const Oid heap : heaps_of(relation))
        rows += rows_of(heap);
    return rows;
}

std::optional<Datum> value(TupleTableSlot *slot, AttrNumber column) {
    bool null;
    const Datum found = pg::call([&] { return slot_getattr(slot, column, &null); });
    return null ? std::nullopt : std::optional<Datum>(found);
}

/// Who of the people is out of reach: all that are denied, and with consent all that did not give it.
class People {
  public:
    People(const Way &way, const Processing &processing) : way_(way) {
        if (way.by_consent)
            allowed_ = consent::consenting(way.subject, processing.purpose, way.person);
    }
    bool known() const noexcept { return !way_.by_consent || allowed_; }
    bool hidden(const Form &form, Datum key) const {
        return way_.denied->contains(form, key) || (way_.by_consent && !allowed_->contains(form, key));
    }

  private:
    const Way &way_;
    std::shared_ptr<const Keys> allowed_;
};

class Descent {
  public:
    Descent(const Way &way, const Processing &processing)
        : way_(way), people_(way, processing), few_(!way.by_consent) {}

    std::shared_ptr<const Keys> run() {
        if (!people_.known())
            return nullptr;
        for (auto level = way_.levels.rbegin(); level != way_.levels.rend(); ++level) {
            step(*level);
            if (reached_->size() > kept_at_most)
                return nullptr;
        }
        return reached_;
    }

  private:
    void step(const Level &level) {
        auto found = std::make_shared<Keys>(form_of(level.owner, level.key), 64);
        const std::shared_ptr<const Keys> &above = reached_ ? reached_ : way_.denied;
        const bool few =
            (reached_ || few_) && static_cast<double>(above->size()) * probe_cost < rows_of_all(level.owner) * row_cost;
        if (!few || !probe(level, *above, *found))
            read(level, *found);
        reached_ = std::move(found);
    }

    bool probe(const Level &level, const Keys &above, Keys &found) const {
        const AttrNumber next = number_of(level.owner, level.next), key = number_of(level.owner, level.key);
        const Oid type = above.form().number() ? INT8OID : above.form().type();
        const pg::Lookup lookup(level.owner, {next}, {type});
        if (!lookup.indexed())
            return false;
        pg::TemporaryContext context("gdpr descent");
        std::vector<Datum> values;
        above.each([&](Datum each) { values.push_back(each); });
        if (above.form().number())
            std::sort(values.begin(), values.end());
        const pg::NewestSnapshot snapshot(level.owner);
        lookup.each_of(values, snapshot.get(), [&](TupleTableSlot *slot) {
            // A partition may have its columns in another order.
            const AttrNumber column =
                slot->tts_tableOid == level.owner ? key : number_of(slot->tts_tableOid, level.key);
            if (const auto each = value(slot, column))
                found.add(*each);
            return found.size() <= kept_at_most;
        });
        return true;
    }

    void read(const Level &level, Keys &found) const {
        for (const Oid heap : heaps_of(level.owner))
            read(heap, level, found);
    }

    void read(Oid heap, const Level &level, Keys &found) const {
        const AttrNumber next = number_of(heap, level.next), key = number_of(heap, level.key);
        const Form form = form_of(heap, level.next);
        pg::Relation opened(heap, AccessShareLock);
        const pg::NewestSnapshot snapshot(heap);
        pg::TemporaryContext context("gdpr descent");
        TupleTableSlot *slot = pg::call([&] { return table_slot_create(opened.get(), nullptr); });
        TableScanDesc scan = pg::call([&] { return table_beginscan(opened.get(), snapshot.get(), 0, nullptr); });
        while (found.size() <= kept_at_most &&
               pg::call([&] { return table_scan_getnextslot(scan, ForwardScanDirection, slot); })) {
            const auto up = value(slot, next);
            if (!up || !(reached_ ? reached_->contains(form, *up) : people_.hidden(form, *up)))
                continue;
            if (const auto each = value(slot, key))
                found.add(*each);
        }
        pg::call([&] {
            table_endscan(scan);
            ExecDropSingleTupleTableSlot(slot);
        });
    }

    const Way &way_;
    People people_;
    bool few_;
    std::shared_ptr<const Keys> reached_;
};

} // namespace

std::shared_ptr<const Keys> follow_down(const Way &way, const Processing &processing) {
    return Descent(way, processing).run();
}

double cost_of_following(const Way &way) {
    double cost = 0, keys = static_cast<double>(way.denied->size());
    double above = std::max(rows_of_all(way.subject), 1.0);
    for (auto level = way.levels.rbegin(); level != way.levels.rend(); ++level) {
        const double rows = rows_of_all(level->owner);
        cost += start_cost + (way.by_consent ? rows * row_cost : std::min(keys * probe_cost, rows * row_cost));
        keys *= std::max(rows / above, 0.1);
        above = std::max(rows, 1.0);
    }
    return cost;
}

} // namespace gdpr::restriction
