// The policy gdpr_restriction as it stands in the catalogs.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::restriction {

/// The call of gdpr.permitted() that the policy of a relation is made of: SQL over the relation's columns.
std::string predicate(Oid relation);

/// The columns that the relation's policy gdpr_restriction passes to gdpr.permitted(), in order; none where it has no
/// such policy.
std::vector<AttrNumber> policy_columns(::Relation relation);

/// The same for a call that passes `count` columns; valid until a relation changes. Raises where it is not the
/// policy's.
const std::vector<AttrNumber> &columns_passed(Oid relation, int count);

/// Is it a policy of ours that says which rows there are, gdpr_restriction or gdpr_gate?
bool own_policy(std::string_view name);

/// Has the relation a policy that loads the library where it is missing, and row security on?
bool fails_closed(Oid relation);

/// Fails closed: labels or keys that changed since the policy was made may need a column that it does not pass, or have
/// taken the relation out of the graph.
[[noreturn]] void refuse_policy(Oid relation);

/// Raises, with the label to write, where the owner of the relation's rows is undecided.
void require_decided(Oid node);

} // namespace gdpr::restriction
