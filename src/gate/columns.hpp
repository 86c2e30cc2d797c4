// Which columns of a relation rules can speak about: its own labelled ones, those that come by inheritance from above
// or below, and what is computed from them in generated columns, views and materialised views.
#pragma once

#include "gate/rules.hpp"

namespace gdpr::gate {

/// Where each such column comes from. Columns that are not there are nobody's concern.
using Columns = std::map<AttrNumber, std::vector<Origin>>;

/// Of one relation, cached until it or what it was computed from changes.
std::shared_ptr<const Columns> columns_of(Oid relation);

/// Has the relation any such column? Null where that is not known yet.
std::optional<bool> known_columns(Oid relation) noexcept;

/// Has the relation a column that the roles of the statement do not see as it is?
bool gated(Oid relation, const Sight &sight);

/// What is to be done with one column; with all of them together where it is 0, a whole row.
Verdict verdict(Oid relation, AttrNumber column, const Sight &sight);

/// The relation, whatever it inherits from, and whatever inherits from it: a row of theirs is a row of this one.
std::set<Oid> family_of(Oid relation);

void init_columns();

} // namespace gdpr::gate
