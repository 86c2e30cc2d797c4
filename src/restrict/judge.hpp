// Judges the rows of one relation as one place of a running plan meets them.
#pragma once

#include "restrict/rule.hpp"

namespace gdpr::restriction {

class Judge {
  public:
    /// `columns` are those that the policy passes, in order; what is asked later are their values.
    Judge(Oid relation, std::vector<AttrNumber> columns);

    /// Takes in what has changed: of people, of the role, of the session's settings. For the beginning of a statement,
    /// and of whatever else may have brought a change. Raises where nothing may be seen at all.
    void renew();

    /// Has none of that changed since, as far as is known here?
    bool current() const noexcept { return role_ == GetUserId() && settings_ == settings_version(); }

    /// For another execution: nothing of the statement before is kept.
    void rest();

    bool all() const noexcept { return rule_->all; }
    Oid relation() const noexcept { return relation_; }
    const std::vector<AttrNumber> &columns() const noexcept { return columns_; }

    /// Where one column and one set decide, for whoever does without permitted(): the set, and by which of the
    /// rule's ways. Null where it takes more. Valid until renew(), and may come to be with any permitted().
    const Keys *only_keys() const noexcept { return only_; }
    const restriction::Way &only_way() const noexcept { return rule_->ways.front(); }

    bool permitted(const NullableDatum *values);

  private:
    /// What a rule that lasts was made for. While it is the same, there is nothing to take in.
    struct Circumstances {
        std::uint64_t epoch = 0, generation = 0, settings = 0;
        Oid role = InvalidOid;
        bool superuser = false;
        bool operator==(const Circumstances &) const = default;
    };

    /// The keys, in our own column's terms, of rows that are out of reach: made at need, and for this statement alone.
    struct Way {
        std::shared_ptr<const Keys> hidden;  // directly, or once they were followed down
        std::shared_ptr<const Keys> allowed; // who consented, once it paid to read them all
        bool direct = false;
    };

    bool direct_permitted(std::size_t way, Datum value);
    bool asked_permitted(const NullableDatum *values);
    bool consenting(std::size_t way, Datum value);
    bool ask(const NullableDatum *values);
    bool look_up(const NullableDatum *values);
    void start_ways();
    void find_only();
    void follow_down();

    Oid relation_;
    std::vector<AttrNumber> columns_;
    std::shared_ptr<const Rule> rule_;
    Oid role_ = InvalidOid;
    std::uint64_t settings_ = 0;
    std::optional<Circumstances> lasting_;
    const Keys *only_ = nullptr;
    std::vector<Way> ways_;
    double asked_ = 0, worth_ = 0; // questions, and how many of them cost as much as following the keys down
    double consents_asked_ = 0, consents_worth_ = 0; // likewise of consent
    bool consents_read_ = false;

    std::shared_ptr<TupleTableSlot> slot_; // shaped like the relation, to look owners up with

    // Rows further down hang on few keys, and those of one key lie side by side: the answers are remembered.
    struct Remembered {
        Datum key;
        bool known, permitted;
    };
    std::vector<Remembered> remembered_; // by the key's last bits; none unless one value decides
};

/// The keys of a way's own column whose rows lead to somebody out of reach. Null where they are too many.
std::shared_ptr<const Keys> follow_down(const Way &way, const Processing &processing);

/// What that costs, in look-ups of one row's owners.
double cost_of_following(const Way &way);

} // namespace gdpr::restriction
