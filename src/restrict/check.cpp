#include "restrict/check.hpp"

#include "pg/pg.hpp"
#include "restrict/set.hpp"
#include "subject/owner.hpp"

namespace gdpr::restriction {

void require_decided(Oid node) {
    const std::vector<subject::Undecided> undecided = subject::graph().undecided_above(node);
    if (!undecided.empty())
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, undecided.front().message, undecided.front().detail,
                  undecided.front().hint);
}

bool concerns(Oid relation) {
    // Nobody restricted: not even the graph is needed.
    if (!anyone())
        return false;
    const Oid node = subject::node_of(relation);
    if (!OidIsValid(node))
        return false;
    require_decided(node);
    const std::vector<subject::Path> paths = subject::graph().paths_to_subjects(node);
    return std::any_of(paths.begin(), paths.end(), [](const auto &path) { return anyone_of(path.subject); });
}

bool any_restricted(const std::vector<subject::Subject> &owners) {
    return std::any_of(owners.begin(), owners.end(), [](const auto &owner) { return contains(owner); });
}

} // namespace gdpr::restriction
