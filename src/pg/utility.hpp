// One hook of utility commands for the whole extension: most commands, BEGIN and COMMIT among them, concern no room,
// and each is to pass one function rather than six.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

/// A command on its way. What a room changes of it, the next one and PostgreSQL are given.
class Utility {
  public:
    PlannedStmt *planned;
    const char *text;
    bool read_only;
    ProcessUtilityContext context;
    ParamListInfo parameters;
    QueryEnvironment *environment;
    DestReceiver *destination;
    QueryCompletion *completion;

    Node *statement() const noexcept { return planned->utilityStmt; }

    /// Hands the command on: to the next room that wants it, or to PostgreSQL.
    void proceed();

    unsigned rooms; // which it is still to be handed to, by bits
};

/// Called as PostgreSQL calls its hook; it raises as PostgreSQL does.
using UtilityHandler = void (*)(Utility &);

/// Has commands of the kinds handed to a room; the one that asks last gets them first.
void on_utility(std::initializer_list<NodeTag> kinds, UtilityHandler handler);

/// All commands but those of the kinds.
void on_utility_except(std::initializer_list<NodeTag> kinds, UtilityHandler handler);

} // namespace gdpr::pg
