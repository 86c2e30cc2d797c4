#pragma once

// The planner of the subject graph, on plain structs: which rows belong to a person, and through which keys.

#include <cstddef>
#include <exception>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "label/grammar.hpp"

namespace gdpr::subject {

using Erase = label::TableLabel::Erase;

/// A relation; a name is quoted already, and unique.
struct Node {
    unsigned id = 0;
    std::string name;
    bool subject = false;
    Erase erase = Erase::unset;
    bool keep = false;
    std::string lost; // an edge of its label that names what does not exist, as the label has it
    bool enforced = false; // protected, so that its rows are somebody's, also where an edge is lost

    bool operator==(const Node &) const = default;
};

/// A key from child to parent. A label on a foreign key may replace its edge or stand beside it.
struct Edge {
    enum class Kind { foreign_key, owned, accessed, owns };

    unsigned child = 0, parent = 0;
    std::vector<std::string> child_columns, parent_columns; // unquoted, pairwise
    Kind kind = Kind::foreign_key;
    bool nullable = false;
    bool labelled = false; // for the caller: the planner goes by kind
    std::string when;      // applies to child rows
    bool many = false;     // no unique key behind parent_columns, so one row may have several parents

    bool operator==(const Edge &) const = default;
};

/// An edge with its sense: rows of owned belong to (or are accessed by) the subject of the rows of owner.
struct Hop {
    Edge edge;
    unsigned owner = 0, owned = 0;

    /// From the row that has the key to the row it points to.
    bool reversed() const { return edge.kind == Edge::Kind::owns; }
    bool operator==(const Hop &) const = default;
};

/// How one relation's rows are reached from relations of earlier steps, or of the same recursive group.
struct Step {
    enum class Kind { subject, owned, accessed };

    unsigned node = 0;
    Kind kind = Kind::owned;
    std::vector<Hop> hops;  // any of them reaches a row; none for the subject itself
    bool shared = false;    // its rows may have several owners, subjects of other tables included
    bool recursive = false; // its group is walked to a fixpoint
    unsigned group = 0;     // consecutive from 0

    bool operator==(const Step &) const = default;
};

/// A relation whose owner no label decides; every right on a subject it may reach refuses with these texts.
struct Undecided {
    unsigned node = 0;
    std::vector<Hop> hops;  // the keys in question
    std::string attributes; // what the label should say: owned(a), accessed(b)
    std::string statement;  // SECURITY LABEL ... with these attributes alone
    std::string message, detail, hint;

    bool operator==(const Undecided &) const = default;
};

/// The graph of one subject table, or of several. A relation may appear twice: owned by one key, accessed by another.
struct Walk {
    std::vector<Step> steps; // subjects, then parents first, the accessed ones last; ties by name
    std::vector<Undecided> undecided;

    bool operator==(const Walk &) const = default;
};

/// One way from a relation up to a subject table; no hops when it is one.
struct Path {
    unsigned subject = 0;
    std::vector<Hop> hops;  // the first one's owned is the relation, the last one's owner the subject
    bool nullable = false;  // some key on the way may be NULL
    bool recursive = false; // runs through a recursive group, so a row may also take it in rounds

    bool operator==(const Path &) const = default;
};

/// Relations with every child before its parents.
struct EraseOrder {
    std::vector<unsigned> nodes;
    std::vector<std::vector<unsigned>> cycles; // adjacent in nodes; no order is safe within

    bool operator==(const EraseOrder &) const = default;
};

/// A graph that cannot be planned: a defect of the caller, or more paths than anyone could mean.
struct PlanError : std::exception {
    std::string message;

    explicit PlanError(std::string text) : message(std::move(text)) {}
    const char *what() const noexcept override { return message.c_str(); }
};

/// The whole database's graph; every answer is independent of the order of the input.
class Graph {
  public:
    Graph(std::vector<Node> nodes, std::vector<Edge> edges);

    /// Every relation that holds data of that table's subjects.
    Walk walk(unsigned subject) const { return walk(std::vector<unsigned>{subject}); }
    /// The same of one person who is in several subject tables: these come first, in the order given.
    Walk walk(const std::vector<unsigned> &subjects) const;

    /// All undecided relations, of whatever subject.
    std::vector<Undecided> undecided() const;

    /// The undecided relations on any way from a relation up, itself included: its owner is then unknown.
    std::vector<Undecided> undecided_above(unsigned node) const;

    /// The keys by which a relation's rows have their owners, one step up.
    std::vector<Hop> owners(unsigned node) const;

    /// The keys by which people access a relation's rows, one step up.
    std::vector<Hop> accessors(unsigned node) const;

    /// The keys by which rows that are nobody's own a relation's rows: these outlive every person.
    std::vector<Hop> impersonal_owners(unsigned node) const;

    /// The ways from a row to its owners.
    std::vector<Path> paths_to_subjects(unsigned node) const;

    /// The order in which rows of the walked relations can be deleted.
    EraseOrder erase_order(const Walk &walk) const;

  private:
    using Rank = std::size_t; // a node's place by name: all orders follow from it
    struct Arc {
        std::size_t edge;
        Rank owner, owned;
    };
    using Arcs = std::vector<std::vector<Arc>>; // by owned

    Rank rank(unsigned id) const;
    Hop hop(const Arc &arc) const;
    std::vector<bool> closure(const Arcs &arcs, const std::vector<Rank> &from, bool down) const;
    bool leads(Rank from, Rank without) const;
    void lay_arcs();
    void decide(Rank node);
    void spread();
    Undecided undecided_at(Rank node, const std::vector<Arc> &defaults, const std::vector<Arc> &claims) const;
    Undecided lost_at(Rank node, Undecided result) const;
    std::vector<Undecided> undecided_in(const std::vector<bool> &nodes) const;

    std::vector<Node> nodes_;
    std::vector<Edge> edges_;
    std::map<unsigned, Rank> ranks_;
    Arcs possible_;             // all that may own, as if nothing were undecided
    Arcs owning_;               // what does
    std::vector<bool> pointed_; // owned by what points to it
    std::vector<bool> reached_; // by a subject, through possible_
    std::vector<bool> shared_, recursive_;
    std::map<Rank, Undecided> undecided_;
};

} // namespace gdpr::subject
