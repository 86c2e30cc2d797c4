// What erasure does to every row of a person, decided before anything is done: the dry run and the run read one plan.
#pragma once

#include "label/label.hpp"
#include "rights/blocklist.hpp"
#include "rights/erase_keys.hpp"
#include "rights/pseudonym.hpp"
#include "subject/collect.hpp"

namespace gdpr::rights {

/// A key from rows of one table to those of another: a foreign key, or what a label says is one.
struct Reference {
    Oid child = InvalidOid, parent = InvalidOid; // nodes of the graph where they are in it
    Columns child_columns, parent_columns;
    Oid constraint = InvalidOid; // the foreign key; none where only a label says it
    char on_delete = 0;          // pg_constraint.confdeltype
    bool deferrable = false;
    Columns cuts; // columns of the child that may be null

    bool cuttable() const noexcept { return !cuts.empty(); }
};

/// What receipts say of an earlier erasure. If the person was several rows then, nothing joins those any more, and each
/// seems to be another person to the others: so rows without values are settled, and what others have in common with
/// them, or have pointing at them, is left as it is.
struct Before {
    std::int64_t rows = 0;         // of subject tables; none where there was no erasure
    std::optional<TimestampTz> at; // of the newest
    bool retained = false;         // something was kept then

    bool ever() const noexcept { return rows > 0; }
    bool joined() const noexcept { return rows > 1; }
};

/// A relation in which the person owns rows, and what becomes of those.
class Target {
  public:
    enum class Fate {
        keep,  // a legal duty: untouched
        leave, // it has other owners, who keep it: this person's keys are cut
        blank, // it stays without its personal values
        remove
    };

    Target(const subject::Selection &selection, const Before &before);

    /// The condition on rows with that fate, over params.
    Where where(Fate fate) const;
    Where with(const std::string &sql) const { return {sql, params}; }
    /// Rows that are the person's; rows that have an owner besides.
    const std::string &mine() const noexcept { return selection->condition; }
    /// Rows that are neither kept nor left: blanked or removed.
    std::string departs() const;
    /// Rows in common with others that are left as they are.
    std::string settled_with_others() const {
        return todo == "true" || others == "false" ? "false" : "(" + others + ") AND " + not_true(todo);
    }
    /// Rows whose key of that hop tells whose a kept row is. One that leads to the person's own row needs no other.
    std::string needed(std::size_t hop, const subject::Collection &collection) const;

    const subject::Selection *selection;
    Oid relation;
    std::string name;
    label::Labels labels;
    std::vector<Blank> blank;
    std::vector<pg::Param> params;
    std::string until; // of a row, when it need not be kept any longer
    std::string kept = "false", others = "false", referenced = "false";
    std::string way = "false";          // rows by which a kept row is the person's
    std::vector<std::string> departing; // for each hop, rows whose key leads to what goes
    std::string cuts, cut = "false";    // keys of rows that stay to rows that go: SET …, and which rows have one
    bool anonymise;                     // its label says that rows stay
    bool first_takes_all;               // its label says that rows go with the first of their owners
    bool again;                         // erased before: only what is still to do counts
    std::string due = "false";          // rows that were kept when the person was erased, and are not any more
    std::string todo = "true";          // rows that are not settled; see Before
    std::map<Fate, std::uint64_t> rows;
};

/// Rows of others that point at rows of the person, and stay.
struct Unlink {
    Oid relation = InvalidOid;
    Columns cuts;             // set to null ...
    std::vector<Blank> blank; // ... or given a pseudonym ...
    std::string kept;         // ... or left, with the reason
    std::string where;
    std::vector<pg::Param> params;
    std::uint64_t rows = 0;
};

struct Line {
    Oid relation = InvalidOid;
    std::string action;
    std::uint64_t rows = 0;
};

class ErasePlan {
  public:
    /// Raises where a row can neither go nor stay.
    ErasePlan(const subject::Collection &collection, const Before &before);

    /// What is done, ordered by relation and action; of what was kept before, nothing is said again.
    const std::vector<Line> &lines() const noexcept { return lines_; }
    /// Until when rows are kept, the last day; empty where none are.
    const std::string &kept_until() const noexcept { return kept_until_; }

    const std::vector<Target> &targets() const noexcept { return targets_; }
    const std::vector<Unlink> &unlinks() const noexcept { return unlinks_; }
    const std::vector<Reference> &references() const noexcept { return references_; }
    const Target *target(Oid relation) const noexcept;
    /// Does a foreign key stand behind the edge, so that no pseudonym can take the key's place?
    bool guarded(const subject::Hop &hop) const;
    bool owns(const Reference &reference) const;
    /// Does the key only tell who accesses the child's rows?
    bool accesses(const Reference &reference) const;
    /// What recognises the person, from the rows that are theirs alone.
    std::set<Identifier> identifiers() const;

  private:
    /// As keys_of, read once however many keys lead to the rows: they are locked, and nothing changes while we plan.
    Keys keys(Oid relation, const Columns &columns, const Where &where);
    std::string not_own(const Target *target, Oid relation, std::vector<pg::Param> &params);
    Target *target(Oid relation) noexcept;
    bool mark_others();
    std::string another_owner(Target &owned, const subject::Hop &hop, std::vector<pg::Param> &params);
    std::string left_to_nobody(Oid relation) const;
    std::string living(const Target &owned, const subject::Hop &hop, const std::string &condition,
                       std::vector<pg::Param> &params) const;
    static void mark_kept(Target &target);
    void mark_due(const Before &before);
    bool mark_ways();
    void spare_ways();
    std::string needed(const Reference &reference) const;
    void read_references();
    bool mark_referenced();
    std::string bound_besides(const Reference &reference) const;
    void mark_cuts(Target &child);
    void find_accessed(const subject::Selection &selection);
    std::string counting(const Reference &reference) const;
    void pin_settled(const Target &parent, const Columns &parent_columns, Oid child, const Columns &child_columns,
                     std::string pointing, std::vector<pg::Param> params);
    void find_pointing();
    void refuse_pointing();
    void refuse_uncuttable() const;
    void count();

    const subject::Collection &collection_;
    std::vector<Target> targets_; // parents first, as in the walk
    std::vector<Reference> references_;
    std::vector<Unlink> unlinks_;
    std::map<Oid, std::vector<std::pair<Columns, Keys>>> pinned_; // rows that must stay, beyond what references say
    struct Read {
        Oid relation;
        Columns columns;
        Where where;
        Keys keys;
    };
    std::vector<Read> read_;
    std::vector<Line> lines_;
    std::string kept_until_;
};

} // namespace gdpr::rights
