// Restriction of processing (Art. 18): restricted people are out of everyone's sight and reach but that of
// officers with a ground.
#pragma once

#include "apply/action.hpp"
#include "subject/graph.hpp"

namespace gdpr::restriction {

/// The policies, row security settings and guarding triggers that a relation should have and has not.
void plan(Oid relation, apply::Actions &actions);

/// Restricts from now on. `kind` is a word: retention (what the law has us keep of a forgotten person) or hold.
void add(const subject::Subject &subject, std::string_view kind, std::string_view reason);

/// Is there such a person?
bool exists(const subject::Subject &subject);

/// A stored row that is one person with someone who is restricted, by labels same_person, is restricted with them. Of a
/// trigger after INSERT or UPDATE, for each row.
void join(const TriggerData *trigger);

/// Ends every restriction and objection of a subject, leaving nothing of them behind.
void erase(const subject::Subject &subject);

/// The same of everyone of a subject table.
void erase_all(Oid subject_table);

void init();

} // namespace gdpr::restriction
