// Everyone whose consent to a purpose is in force, for whoever asks about many people.
#pragma once

#include "restrict/keys.hpp"
#include "subject/graph.hpp"

namespace gdpr::consent {

/// Is the consent of one person in force now?
bool consents(const subject::Subject &subject, const std::string &purpose);

/// May one person be processed for a purpose, as far as its lawful basis goes: theirs, else their table's, else the
/// purpose's own; and where that is consent, theirs is in force?
bool lawful(const subject::Subject &subject, const std::string &purpose);

/// Of whom consent to a purpose is asked, among the people of a subject table.
enum class Asked {
    nobody,
    some,    // those whose own basis is consent: lacking()
    everyone // but those who have another basis of their own: consenting()
};
Asked asked(Oid subject_table, const std::string &purpose);

/// Those whose own basis is consent, and who do not consent. Null where they are too many to be kept in memory.
std::shared_ptr<const restriction::Keys> lacking(Oid subject_table, const std::string &purpose,
                                                 const restriction::Form &form);

/// Grows whenever answers may differ from those before: consents and bases change, and consents lapse.
std::uint64_t consents_version();

/// Those of a subject table who may be processed now where consent is asked: it is in force, or they have another basis
/// of their own; kept until anybody's consent or basis changes. Null where they are too many to be kept in memory.
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
