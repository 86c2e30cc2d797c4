// What holds in a session that has not the library: the policy gdpr_gate of tables with gated columns. It is there to
// be met by a statement that did not pass the gates, and taken out of those that did.
#pragma once

#include "gate/rules.hpp"

namespace gdpr::gate {

/// Takes the policy's condition out of a statement that is about to be gated. Plain C in style.
void take_out_policies(Query *statement);

/// Warns of tables whose gates in the channel would not hold without the library.
void warn_of_open_tables(const std::string &channel);

} // namespace gdpr::gate
