// Everyone whose consent to a purpose is in force, for whoever asks about many people.
#pragma once

#include "restrict/keys.hpp"
#include "subject/graph.hpp"

namespace gdpr::consent {

/// Is the consent of one person in force now?
bool consents(const subject::Subject &subject, const std::string &purpose);

/// Those of a subject table whose consent is in force now; kept until anybody's consent changes. Null where they are
/// too many to be kept in memory.
std::shared_ptr<const restriction::Keys> consenting(Oid subject_table, const std::string &purpose,
                                                    const restriction::Form &form);

/// The same if they have been read already, else null: then reading them costs about as much as `events` says.
std::shared_ptr<const restriction::Keys> consenting_known(Oid subject_table, const std::string &purpose,
                                                          const restriction::Form &form);

/// How many events must be read to know them, as far as is known.
double events();

/// How many they are, as far as is known.
double consenting_estimate(Oid subject_table, const std::string &purpose);

/// Somebody's consent changed: tells every session, once this transaction commits.
void consent_changed();

void init_consenting();

} // namespace gdpr::consent
