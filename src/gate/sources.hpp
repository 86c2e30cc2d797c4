// What a gated role may not store: what it does not see, and what would tell of it.
#pragma once

#include "gate/trace.hpp"

namespace gdpr::gate {

/// Raises where a statement takes what it writes from gated columns, or writes a key that leads to one. `levels` ends
/// with the query itself.
void refuse_writing(const Query &query, const Levels &levels, const Sight &sight);

/// Raises where a foreign key among the written columns leads to a gated one: whether it holds would tell what is
/// there.
void refuse_probing(Oid relation, const std::set<AttrNumber> &written, const Sight &sight);

/// Raises where a value that `sight` does not see as it is would be stored by this query.
void refuse_stored(const Query *query, const Sight &sight);

} // namespace gdpr::gate
