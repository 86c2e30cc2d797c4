#include "pg/utility.hpp"

namespace gdpr::pg {

namespace {

// Tags of nodes are small numbers.
constexpr std::size_t tags = 1024;
constexpr std::size_t most_rooms = 16;

ProcessUtility_hook_type next_utility = nullptr;
std::array<UtilityHandler, most_rooms> handlers{};
std::size_t rooms = 0;
std::array<std::uint16_t, tags> wanting{}; // by tag: a bit for each room

void start(PlannedStmt *planned, const char *text, bool read_only, ProcessUtilityContext context,
           ParamListInfo parameters, QueryEnvironment *environment, DestReceiver *destination,
           QueryCompletion *completion) {
    const auto tag = static_cast<std::size_t>(nodeTag(planned->utilityStmt));
    if (tag >= tags || wanting[tag] == 0) {
        (next_utility != nullptr ? next_utility : standard_ProcessUtility)(
            planned, text, read_only, context, parameters, environment, destination, completion);
        return;
    }
    Utility command{planned, text, read_only, context, parameters, environment, destination, completion, rooms};
    command.proceed();
}

void add(UtilityHandler handler) {
    if (rooms == 0) {
        next_utility = ProcessUtility_hook;
        ProcessUtility_hook = start;
    }
    if (rooms == most_rooms)
        elog(ERROR, "too many rooms for utility commands");
    handlers[rooms++] = handler;
}

} // namespace

void Utility::proceed() {
    const auto tag = static_cast<std::size_t>(nodeTag(planned->utilityStmt));
    // Restored: a room may hand a command on twice, or another one.
    const std::size_t here = stage;
    while (stage > 0) {
        stage--;
        if (tag < tags && (wanting[tag] & (1U << stage)) != 0) {
            handlers[stage](*this);
            stage = here;
            return;
        }
    }
    (next_utility != nullptr ? next_utility : standard_ProcessUtility)(planned, text, read_only, context, parameters,
                                                                       environment, destination, completion);
    stage = here;
}

void on_utility(std::initializer_list<NodeTag> kinds, UtilityHandler handler) {
    add(handler);
    for (const NodeTag kind : kinds)
        wanting.at(static_cast<std::size_t>(kind)) |= static_cast<std::uint16_t>(1U << (rooms - 1));
}

void on_utility_except(std::initializer_list<NodeTag> kinds, UtilityHandler handler) {
    add(handler);
    for (std::size_t tag = 0; tag < tags; tag++)
        if (std::none_of(kinds.begin(), kinds.end(),
                         [&](NodeTag kind) { return static_cast<std::size_t>(kind) == tag; }))
            wanting[tag] |= static_cast<std::uint16_t>(1U << (rooms - 1));
}

} // namespace gdpr::pg
