#include "restrict/check.hpp"

#include "pg/pg.hpp"
#include "restrict/set.hpp"
#include "subject/owner.hpp"

namespace gdpr::restriction {

bool sees_restricted(Oid role) {
    return pg::call([&] {
        const Oid officer = get_role_oid("gdpr_officer", true);
        return OidIsValid(officer) ? has_privs_of_role(role, officer) : superuser_arg(role);
    });
}

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
    return std::any_of(owners.begin(), owners.end(), contains);
}

} // namespace gdpr::restriction
