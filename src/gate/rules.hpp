// Who sees what: channels, the rules that gate them, and what follows for the roles that a statement runs as.
#pragma once

#include "label/grammar.hpp"
#include "pg/postgres.hpp"

namespace gdpr::gate {

/// What happens to a column; the strictest comes last.
enum class Action : std::uint8_t { show, mask, hide, deny };

const char *word(Action action) noexcept;

using Class = label::ColumnLabel::Class;

/// A column that carries a class of its own, or that a rule names.
struct Origin {
    Oid relation = InvalidOid;
    std::string column;
    Class data_class = Class::none;
    Oid follower = InvalidOid; // whose foreign key leads to it, and by which column: rules for that one come first
    std::string follower_column;
    bool record = false; // in a table of this extension, which may hold values of any labelled column

    bool operator==(const Origin &) const = default;
};

/// What is to be done with a column, and the rule that says so.
struct Verdict {
    Action action = Action::show;
    std::string rule;

    bool gated() const noexcept { return action != Action::show; }
};

/// The channels of the session's user, of SET ROLE's and of the current one, together.
struct Sight {
    std::uint32_t id = 0; // differs wherever verdicts may
    std::set<std::string> channels;
    bool gated = false;         // is there a rule that concerns them?
    bool denies = false;        // is there one that says deny?
    bool reads_records = false; // are the roles all among those who are to read what this extension keeps?

    Verdict verdict(const Origin &origin) const;
    /// The strictest of several.
    Verdict verdict(const std::vector<Origin> &origins) const;
};

/// What every statement asks first.
struct Quick {
    bool in_use = false;      // are there rules, as far as is known?
    bool none = false;        // is it known that there are none?
    TimestampTz accepted = 0; // the client's statement in which messages of other sessions were looked at last
};
extern Quick quick;

/// Are there rules, as far as is known?
inline bool in_use() noexcept { return quick.in_use; }

/// Are there rules in this database? Takes in what other sessions have committed.
bool any_rules();

/// Is it known at once that no rule concerns the roles of the statement? In every statement's way, so it is plain C in
/// style and raises as PostgreSQL does. The first goes by what this session knows, the second takes in what other
/// sessions have committed, the third only where that has not been done since the client's statement began.
bool known_free();
bool surely_free();
inline bool still_free() {
    return quick.accepted == GetCurrentStatementStartTimestamp() ? quick.none || known_free() : surely_free();
}

/// The columns of one relation that rules name.
std::vector<std::string> columns_named(Oid relation);

/// The relations of which they name any.
std::set<Oid> relations_named();

/// The channels that rules speak of, and what one of them alone sees.
std::set<std::string> channels();
const Sight &sight_in(const std::string &channel);

/// What one role alone sees.
const Sight &sight_of_role(Oid role);

/// Of the roles that run the statement now. Valid until the rules change.
const Sight &sight();

/// Notices that the session's user or SET ROLE's has changed: plans made before are no longer for this session.
void notice_changed_roles() noexcept;
inline void notice_roles() noexcept {
    if (quick.in_use)
        notice_changed_roles();
}

/// Differs from the number before when rules, channels or labels have changed.
std::uint64_t rules_version() noexcept;

void init_rules();

} // namespace gdpr::gate
