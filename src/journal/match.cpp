#include "journal/match.hpp"

#ifdef POSTGRES_H
#error "this file is pure C++"
#endif

namespace gdpr::journal {

Verdict judge(const Entry &entry, const Candidate &candidate) {
    const bool aged = candidate.born || candidate.watched;
    if (candidate.born && *candidate.born >= entry.at)
        return Verdict::other;
    const bool both_known = entry.born && candidate.born;
    const bool both_watched = entry.tracked && candidate.watched;
    const bool same_birth =
        both_known ? *entry.born == *candidate.born : !entry.born && !candidate.born && both_watched;
    if (candidate.same_key) {
        if (same_birth || (aged && candidate.shared > 0))
            return Verdict::same;
        if (candidate.shared > 0)
            return Verdict::ask;
        // The key alone: of two watched rows the ages would be the same.
        return both_known || both_watched ? Verdict::other : Verdict::ask;
    }
    if (candidate.identifiers == 0 || candidate.shared < candidate.identifiers)
        return Verdict::other;
    return both_known && same_birth ? Verdict::same : Verdict::ask;
}

} // namespace gdpr::journal
