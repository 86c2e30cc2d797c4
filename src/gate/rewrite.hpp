// A statement as its roles may see it: every reference to a gated column, in any clause, replaced.
#pragma once

#include "gate/trace.hpp"

namespace gdpr::gate {

/// A column that was gated in a statement, for EXPLAIN.
struct Gated {
    Oid relation;
    AttrNumber column;
    Verdict verdict;
};

/// The gated form of a query that has been rewritten and not yet planned. Raises where a column is denied, or where a
/// gated one would be the source of a write.
Query *rewrite(Query *query, const Sight &sight, std::vector<Gated> *gated);

} // namespace gdpr::gate
