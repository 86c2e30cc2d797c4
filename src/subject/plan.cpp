#include "subject/plan.hpp"

#include "subject/plan_components.hpp"

#include <algorithm>
#include <tuple>

#ifdef POSTGRES_H
#error "the planner is pure C++ and must not see postgres.h"
#endif

namespace gdpr::subject {

namespace {

using Kind = Edge::Kind;

constexpr std::size_t most_hops = 10000; // far beyond any schema, and short of a hung server

bool labelled(const Edge &edge) { return edge.kind != Kind::foreign_key; }

/// The columns of a key, whichever order they were named in.
std::vector<std::pair<std::string, std::string>> pairs(const Edge &edge) {
    std::vector<std::pair<std::string, std::string>> result;
    for (std::size_t i = 0; i < edge.child_columns.size(); ++i)
        result.emplace_back(edge.child_columns[i], edge.parent_columns[i]);
    std::sort(result.begin(), result.end());
    return result;
}

std::string listed(const std::vector<std::string> &columns) {
    std::string result;
    for (const std::string &column : columns)
        result += (result.empty() ? "" : ", ") + label::quoted(column);
    return result;
}

std::string literal(const std::string &text) {
    std::string result = "'";
    for (char c : text)
        result.append(c == '\'' ? 2 : 1, c);
    return result + '\'';
}

} // namespace

Graph::Graph(std::vector<Node> nodes, std::vector<Edge> edges) : nodes_(std::move(nodes)), edges_(std::move(edges)) {
    std::sort(nodes_.begin(), nodes_.end(),
              [](const Node &a, const Node &b) { return std::tie(a.name, a.id) < std::tie(b.name, b.id); });
    for (Rank i = 0; i < nodes_.size(); ++i)
        if (!ranks_.emplace(nodes_[i].id, i).second)
            throw PlanError("relation " + nodes_[i].name + " is given twice");
    for (const Edge &edge : edges_)
        if (edge.child_columns.empty() || edge.child_columns.size() != edge.parent_columns.size())
            throw PlanError("columns of an edge of " + nodes_[rank(edge.child)].name + " do not match");
    const auto key = [&](const Edge &e) { return std::tuple(rank(e.child), rank(e.parent), pairs(e), e.kind, e.when); };
    std::sort(edges_.begin(), edges_.end(), [&](const Edge &a, const Edge &b) {
        return std::tuple(key(a), a.nullable, a.many, a.child_columns) <
               std::tuple(key(b), b.nullable, b.many, b.child_columns);
    });
    const auto same = [&](const Edge &a, const Edge &b) { return key(a) == key(b); };
    edges_.erase(std::unique(edges_.begin(), edges_.end(), same), edges_.end()); // one key, two constraints
    lay_arcs();
    for (Rank node = 0; node < nodes_.size(); ++node)
        decide(node);
    spread();
}

Graph::Rank Graph::rank(unsigned id) const {
    const auto found = ranks_.find(id);
    if (found == ranks_.end())
        throw PlanError("relation " + std::to_string(id) + " is not in the graph");
    return found->second;
}

Hop Graph::hop(const Arc &arc) const { return {edges_[arc.edge], nodes_[arc.owner].id, nodes_[arc.owned].id}; }

/// All that arcs connect to some nodes, these included: what they own, or what owns them.
std::vector<bool> Graph::closure(const Arcs &arcs, const std::vector<Rank> &from, bool down) const {
    std::vector<Ranks> next(nodes_.size());
    for (const auto &list : arcs)
        for (const Arc &arc : list)
            next[down ? arc.owner : arc.owned].push_back(down ? arc.owned : arc.owner);
    std::vector<bool> seen(nodes_.size());
    Ranks visited;
    for (Rank node : from)
        if (!seen[node])
            postorder(node, next, seen, visited);
    return seen;
}

/// Whether a node possibly belongs to a subject by a way that does not come through another.
bool Graph::leads(Rank from, Rank without) const {
    std::vector<bool> seen(nodes_.size());
    Ranks waiting{from};
    while (!waiting.empty()) {
        const Rank node = waiting.back();
        waiting.pop_back();
        if (node == without || seen[node])
            continue;
        if (nodes_[node].subject)
            return true;
        seen[node] = true;
        for (const Arc &arc : possible_[node])
            waiting.push_back(arc.owner);
    }
    return false;
}

/// What may own what: labels as they say, foreign keys where no label speaks.
void Graph::lay_arcs() {
    possible_.resize(nodes_.size());
    pointed_.resize(nodes_.size());
    owning_.resize(nodes_.size());
    std::vector<bool> says(nodes_.size()); // its own label tells whose its rows are
    const auto key = [](const Edge &e) { return std::tuple(e.child, e.parent, pairs(e)); };
    std::set<decltype(key(edges_[0]))> turned; // an owns takes its foreign key the other way
    for (const Edge &edge : edges_)
        if (edge.kind == Kind::owns)
            turned.insert(key(edge));
        else if (labelled(edge))
            says[rank(edge.child)] = true;
    for (std::size_t i = 0; i < edges_.size(); ++i) {
        const Edge &edge = edges_[i];
        const bool reversed = edge.kind == Kind::owns;
        Arc arc{i, rank(edge.parent), rank(edge.child)};
        if (reversed)
            std::swap(arc.owner, arc.owned);
        const bool default_key = !labelled(edge) && !says[arc.owned] && turned.count(key(edge)) == 0;
        if (arc.owner != arc.owned && !nodes_[arc.owned].subject &&
            (reversed || edge.kind == Kind::owned || default_key)) {
            possible_[arc.owned].push_back(arc);
            pointed_[arc.owned] = pointed_[arc.owned] || reversed;
        }
    }
    Ranks subjects;
    for (Rank node = 0; node < nodes_.size(); ++node)
        if (nodes_[node].subject)
            subjects.push_back(node);
    reached_ = closure(possible_, subjects, true);
}

/// Which of its possible arcs own a node: all that labels say, or the one foreign key, or it is undecided.
void Graph::decide(Rank node) {
    std::vector<Arc> said, claims, defaults;
    for (const Arc &arc : possible_[node]) {
        if (!reached_[arc.owner])
            continue;
        const bool by_label = labelled(edges_[arc.edge]);
        if (by_label)
            said.push_back(arc);
        if (leads(arc.owner, node)) // a key to one's own child says nothing new
            (by_label ? claims : defaults).push_back(arc);
    }
    const bool lost = !nodes_[node].lost.empty();
    // What many rows point to (an address) is theirs; whether other rows that point to it are, no key tells.
    const bool beside =
        std::any_of(defaults.begin(), defaults.end(), [&](const Arc &arc) { return bool{pointed_[arc.owner]}; });
    if (lost || (!defaults.empty() && (beside || !claims.empty() || defaults.size() > 1))) {
        undecided_.emplace(node, undecided_at(node, defaults, claims));
        return;
    }
    owning_[node] = said;
    owning_[node].insert(owning_[node].end(), defaults.begin(), defaults.end());
}

/// Sharing is inherited: a note goes with its activity, and the activity with its last owner.
void Graph::spread() {
    shared_.resize(nodes_.size());
    recursive_.resize(nodes_.size());
    std::vector<Ranks> next(nodes_.size());
    Ranks origins;
    for (Rank node = 0; node < nodes_.size(); ++node) {
        const auto several = [&](const Arc &arc) {
            const Edge &edge = edges_[arc.edge];
            return edge.kind == Kind::owns || edge.many; // many keys may point to one row
        };
        if (owning_[node].size() > 1 || std::any_of(owning_[node].begin(), owning_[node].end(), several) ||
            !impersonal_owners(nodes_[node].id).empty())
            origins.push_back(node);
        for (const Arc &arc : owning_[node])
            next[arc.owner].push_back(node);
    }
    shared_ = closure(owning_, origins, true);
    for (const Ranks &group : ordered(std::vector<bool>(nodes_.size(), true), next))
        for (Rank node : group)
            recursive_[node] = group.size() > 1;
}

Undecided Graph::undecided_at(Rank node, const std::vector<Arc> &defaults, const std::vector<Arc> &claims) const {
    Undecided result;
    result.node = nodes_[node].id;
    const std::string &name = nodes_[node].name;
    const auto attribute = [&](const std::string &word, const Edge &edge, bool arrow) {
        return word + '(' + listed(edge.child_columns) +
               (arrow ? " -> " + nodes_[rank(edge.parent)].name + '(' + listed(edge.parent_columns) + ')' : "") +
               (edge.when.empty() ? "" : " when " + edge.when) + ')';
    };
    std::vector<Arc> arcs = defaults;
    // the key that is always there makes the better owner
    std::stable_sort(arcs.begin(), arcs.end(), [&](const Arc &a, const Arc &b) {
        const Edge &left = edges_[a.edge], &right = edges_[b.edge];
        return std::tie(left.nullable, left.child_columns) < std::tie(right.nullable, right.child_columns);
    });
    for (const Arc &arc : arcs) {
        const Edge &edge = edges_[arc.edge];
        const auto rival = [&](const Arc &other) { return edges_[other.edge].child_columns == edge.child_columns; };
        const bool arrow = std::count_if(arcs.begin(), arcs.end(), rival) > 1;
        result.hops.push_back(hop(arc));
        result.attributes +=
            result.attributes.empty() ? attribute("owned", edge, arrow) : ", " + attribute("accessed", edge, arrow);
        result.detail +=
            (result.detail.empty() ? "" : "; ") + listed(edge.child_columns) + " leads to " + nodes_[arc.owner].name;
    }
    for (const Arc &arc : claims) {
        result.hops.push_back(hop(arc));
        result.detail += "; " + nodes_[arc.owner].name + " owns it by " + listed(edges_[arc.edge].child_columns);
    }
    for (const Edge &edge : edges_) { // a new label replaces the old, so it must say again what that said
        const auto twin = [&](const Edge &e) {
            return e.kind == Kind::foreign_key && e.child == edge.child && e.parent == edge.parent &&
                   pairs(e) == pairs(edge);
        };
        const bool arrow = !edge.when.empty() || std::none_of(edges_.begin(), edges_.end(), twin);
        if (edge.kind == Kind::owns && edge.child == result.node)
            result.attributes += ", " + attribute("owns", edge, arrow);
    }
    result.statement = "SECURITY LABEL FOR gdpr ON TABLE " + name + " IS " + literal(result.attributes);
    result.detail += '.';
    if (!nodes_[node].lost.empty())
        return lost_at(node, std::move(result));
    result.message =
        defaults.size() + claims.size() > 1
            ? "table " + name + " leads to data subjects by more than one path and no label decides"
            : "table " + name + " points to rows that are owned by what points to them and no label decides";
    result.hint = "Say whose its rows are, for example: " + result.statement;
    if (defaults.size() == 1 && pointed_[defaults.front().owner])
        result.hint += ", or owns(" + listed(edges_[defaults.front().edge].child_columns) + ") where they share in it";
    if (nodes_[node].keep || nodes_[node].erase != Erase::unset)
        result.hint += " (together with what its label says already)";
    return result;
}

/// Whose its rows are is not known at all, so where it is protected it stands in the way of everyone's rights.
Undecided Graph::lost_at(Rank node, Undecided result) const {
    const std::string &name = nodes_[node].name;
    result.message = "label of table " + name + " names what does not exist";
    result.detail = "There is no such key, table or column: " + nodes_[node].lost + '.';
    if (result.attributes.empty())
        result.statement = "SECURITY LABEL FOR gdpr ON TABLE " + name + " IS '...'";
    result.hint = "Create what it names, or correct it: " + result.statement;
    return result;
}

std::vector<Undecided> Graph::undecided_in(const std::vector<bool> &nodes) const {
    std::vector<Undecided> result;
    for (const auto &[node, why] : undecided_)
        if (nodes[node])
            result.push_back(why);
    return result;
}

std::vector<Undecided> Graph::undecided() const { return undecided_in(std::vector<bool>(nodes_.size(), true)); }

std::vector<Undecided> Graph::undecided_above(unsigned node) const {
    return undecided_in(closure(possible_, {rank(node)}, false));
}

std::vector<Hop> Graph::accessors(unsigned node) const {
    std::vector<Hop> hops;
    for (std::size_t i = 0; i < edges_.size(); ++i)
        if (edges_[i].kind == Kind::accessed && edges_[i].child == node && reached_[rank(edges_[i].parent)])
            hops.push_back(hop({i, rank(edges_[i].parent), rank(node)}));
    return hops;
}

std::vector<Hop> Graph::impersonal_owners(unsigned node) const {
    std::vector<Hop> hops;
    for (const Arc &arc : possible_[rank(node)])
        if (edges_[arc.edge].kind == Kind::owns && !reached_[arc.owner])
            hops.push_back(hop(arc));
    return hops;
}

std::vector<Hop> Graph::owners(unsigned node) const {
    std::vector<Hop> hops;
    for (const Arc &arc : owning_[rank(node)])
        if (reached_[arc.owner])
            hops.push_back(hop(arc));
    return hops;
}

Walk Graph::walk(const std::vector<unsigned> &subjects) const {
    std::vector<Rank> roots;
    for (const unsigned subject : subjects) {
        roots.push_back(rank(subject));
        if (!nodes_[roots.back()].subject)
            throw PlanError("relation " + nodes_[roots.back()].name + " is not a subject table");
    }
    const auto place = [&](Rank node) { return std::find(roots.begin(), roots.end(), node) - roots.begin(); };
    const std::vector<bool> walked = closure(owning_, roots, true);
    std::vector<Ranks> next(nodes_.size());
    for (const auto &arcs : owning_)
        for (const Arc &arc : arcs)
            next[arc.owner].push_back(arc.owned);
    Walk result;
    unsigned group = 0;
    std::vector<Ranks> groups = ordered(walked, next);
    // Nothing owns a subject, so that each is a group of its own and may go before the others.
    std::stable_sort(groups.begin(), groups.end(),
                     [&](const Ranks &a, const Ranks &b) { return place(a.front()) < place(b.front()); });
    for (const Ranks &nodes : groups) {
        for (Rank node : nodes) {
            Step step{nodes_[node].id,
                      nodes_[node].subject ? Step::Kind::subject : Step::Kind::owned,
                      {},
                      shared_[node],
                      nodes.size() > 1,
                      group};
            for (const Arc &arc : owning_[node])
                if (walked[arc.owner])
                    step.hops.push_back(hop(arc));
            result.steps.push_back(std::move(step));
        }
        ++group;
    }
    std::map<Rank, Step> accessed;
    for (std::size_t i = 0; i < edges_.size(); ++i) {
        const Rank parent = rank(edges_[i].parent), child = rank(edges_[i].child);
        if (edges_[i].kind != Kind::accessed || !walked[parent])
            continue;
        Step &step = accessed.try_emplace(child, Step{nodes_[child].id, Step::Kind::accessed, {}, false, false, 0})
                         .first->second;
        step.hops.push_back(hop({i, parent, child}));
    }
    for (auto &[node, step] : accessed) {
        step.group = group++;
        result.steps.push_back(std::move(step));
    }
    std::vector<bool> concerned = closure(possible_, roots, true);
    for (Rank node = 0; node < nodes_.size(); ++node)
        concerned[node] = concerned[node] || (nodes_[node].enforced && !nodes_[node].lost.empty());
    result.undecided = undecided_in(concerned);
    return result;
}

std::vector<Path> Graph::paths_to_subjects(unsigned node) const {
    std::vector<Path> result;
    std::vector<Arc> way;
    std::vector<bool> on_way(nodes_.size());
    std::vector<std::pair<Rank, std::size_t>> stack{{rank(node), 0}}; // node, arcs taken
    std::size_t hops = 0;
    while (!stack.empty()) {
        auto &[at, taken] = stack.back();
        if (nodes_[at].subject) {
            Path path{nodes_[at].id, {}, false, false};
            for (const Arc &arc : way) {
                path.hops.push_back(hop(arc));
                path.nullable = path.nullable || edges_[arc.edge].nullable;
                path.recursive = path.recursive || recursive_[arc.owned];
            }
            result.push_back(std::move(path));
        }
        on_way[at] = true;
        while (taken < owning_[at].size() && on_way[owning_[at][taken].owner])
            ++taken;
        if (taken < owning_[at].size()) {
            way.push_back(owning_[at][taken++]);
            stack.emplace_back(way.back().owner, 0);
            if (++hops > most_hops)
                throw PlanError("relation " + nodes_[rank(node)].name + " has too many paths to data subjects");
            continue;
        }
        on_way[at] = false;
        stack.pop_back();
        if (!way.empty())
            way.pop_back();
    }
    return result;
}

EraseOrder Graph::erase_order(const Walk &walk) const {
    std::vector<bool> walked(nodes_.size());
    for (const Step &step : walk.steps)
        walked[rank(step.node)] = true;
    std::vector<Ranks> next(nodes_.size());
    for (const Edge &edge : edges_)
        next[rank(edge.child)].push_back(rank(edge.parent));
    EraseOrder result;
    for (const Ranks &group : ordered(walked, next)) {
        std::vector<unsigned> ids;
        for (Rank node : group)
            ids.push_back(nodes_[node].id);
        result.nodes.insert(result.nodes.end(), ids.begin(), ids.end());
        if (ids.size() > 1)
            result.cycles.push_back(std::move(ids));
    }
    return result;
}

} // namespace gdpr::subject
