// Walking PostgreSQL's node trees with functions that have a type.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

#if PG_VERSION_NUM >= 160000
using TreeWalker = tree_walker_callback;
using TreeMutator = tree_mutator_callback;
using PlanWalker = planstate_tree_walker_callback;
#else
using TreeWalker = bool (*)();
using TreeMutator = Node *(*)();
using PlanWalker = bool (*)();
#endif

/// PostgreSQL's walkers take their context as a void pointer; ours as what it is.
template <typename Context> TreeWalker walker(bool (*function)(Node *, Context *)) {
    return reinterpret_cast<TreeWalker>(reinterpret_cast<void (*)()>(function));
}
template <typename Context> PlanWalker plan_walker(bool (*function)(PlanState *, Context *)) {
    return reinterpret_cast<PlanWalker>(reinterpret_cast<void (*)()>(function));
}
template <typename Context> TreeMutator mutator(Node *(*function)(Node *, Context *)) {
    return reinterpret_cast<TreeMutator>(reinterpret_cast<void (*)()>(function));
}

} // namespace gdpr::pg
