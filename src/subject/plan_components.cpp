#include "subject/plan_components.hpp"

#include <algorithm>
#include <set>

#ifdef POSTGRES_H
#error "this file is pure C++ and must not see postgres.h"
#endif

namespace gdpr::subject {

void postorder(std::size_t root, const std::vector<Ranks> &next, std::vector<bool> &seen, Ranks &result) {
    std::vector<std::pair<std::size_t, std::size_t>> stack{{root, 0}}; // no recursion: chains can be long
    seen[root] = true;
    while (!stack.empty()) {
        auto &[node, done] = stack.back();
        if (done == next[node].size()) {
            result.push_back(node);
            stack.pop_back();
        } else if (const std::size_t to = next[node][done++]; !seen[to]) {
            seen[to] = true;
            stack.emplace_back(to, 0);
        }
    }
}

std::vector<Ranks> ordered(const std::vector<bool> &members, const std::vector<Ranks> &next) {
    std::vector<Ranks> inner(next.size()), back(next.size()), groups;
    for (std::size_t from = 0; from < next.size(); ++from)
        for (std::size_t to : next[from])
            if (members[from] && members[to] && from != to)
                inner[from].push_back(to), back[to].push_back(from);
    Ranks left;
    std::vector<bool> seen(next.size());
    for (std::size_t node = 0; node < next.size(); ++node)
        if (members[node] && !seen[node])
            postorder(node, inner, seen, left);
    seen.assign(next.size(), false);
    Ranks group_of(next.size());
    for (auto node = left.rbegin(); node != left.rend(); ++node) { // Kosaraju: backwards, a tree is a cycle
        if (seen[*node])
            continue;
        postorder(*node, back, seen, groups.emplace_back());
        std::sort(groups.back().begin(), groups.back().end());
        for (std::size_t member : groups.back())
            group_of[member] = groups.size() - 1;
    }
    Ranks waits(groups.size());
    const auto each_arc = [&](std::size_t group, auto visit) {
        for (std::size_t from : groups[group])
            for (std::size_t to : inner[from])
                if (group_of[to] != group)
                    visit(group_of[to]);
    };
    std::set<std::pair<std::size_t, std::size_t>> ready; // lowest rank, group
    for (std::size_t group = 0; group < groups.size(); ++group)
        each_arc(group, [&](std::size_t to) { ++waits[to]; });
    for (std::size_t group = 0; group < groups.size(); ++group)
        if (waits[group] == 0)
            ready.emplace(groups[group].front(), group);
    std::vector<Ranks> result;
    while (!ready.empty()) {
        const std::size_t group = ready.extract(ready.begin()).value().second;
        result.push_back(groups[group]);
        each_arc(group, [&](std::size_t to) {
            if (--waits[to] == 0)
                ready.emplace(groups[to].front(), to);
        });
    }
    return result;
}

} // namespace gdpr::subject
