#pragma once

// Strongly connected components of a directed graph of ranks: what a cycle holds is planned together.

#include <cstddef>
#include <vector>

namespace gdpr::subject {

/// Nodes by rank: all orders follow from it.
using Ranks = std::vector<std::size_t>;

/// Every node reachable from one, over next, in order of leaving.
void postorder(std::size_t root, const std::vector<Ranks> &next, std::vector<bool> &seen, Ranks &result);

/// Groups of nodes, each before those its arcs lead to; a cycle is one group, ties go to the lowest rank.
std::vector<Ranks> ordered(const std::vector<bool> &members, const std::vector<Ranks> &next);

} // namespace gdpr::subject
