#include "pg/utility.hpp"

#include <bit>

namespace gdpr::pg {

namespace {

// Tags of nodes are small numbers.
constexpr std::size_t tags = 1024;
constexpr std::size_t most_rooms = 16;

ProcessUtility_hook_type next_utility = nullptr;
std::array<UtilityHandler, most_rooms> handlers{};
std::size_t count = 0;
std::array<std::uint16_t, tags> wanting{}; // by tag: a bit for each room

unsigned wanted_by(const PlannedStmt *planned) {
    const auto tag = static_cast<std::size_t>(nodeTag(planned->utilityStmt));
    return tag < tags ? wanting[tag] : 0;
}

void hand_on(PlannedStmt *planned, const char *text, bool read_only, ProcessUtilityContext context,
             ParamListInfo parameters, QueryEnvironment *environment, DestReceiver *destination,
             QueryCompletion *completion) {
    (next_utility != nullptr ? next_utility : standard_ProcessUtility)(planned, text, read_only, context, parameters,
                                                                       environment, destination, completion);
}

void start(PlannedStmt *planned, const char *text, bool read_only, ProcessUtilityContext context,
           ParamListInfo parameters, QueryEnvironment *environment, DestReceiver *destination,
           QueryCompletion *completion) {
    if (wanted_by(planned) == 0)
        return hand_on(planned, text, read_only, context, parameters, environment, destination, completion);
    Utility command{planned, text, read_only, context, parameters, environment, destination, completion, ~0U};
    command.proceed();
}

void add(UtilityHandler handler) {
    if (count == 0) {
        next_utility = ProcessUtility_hook;
        ProcessUtility_hook = start;
    }
    if (count == most_rooms)
        elog(ERROR, "too many rooms for utility commands");
    handlers[count++] = handler;
}

} // namespace

void Utility::proceed() {
    const unsigned here = rooms;
    const unsigned wanted = wanted_by(planned) & here;
    if (wanted == 0)
        return hand_on(planned, text, read_only, context, parameters, environment, destination, completion);
    const auto last = static_cast<unsigned>(std::bit_width(wanted)) - 1;
    rooms = (1U << last) - 1;
    handlers[last](*this);
    // A room may hand a command on twice.
    rooms = here;
}

void on_utility(std::initializer_list<NodeTag> kinds, UtilityHandler handler) {
    add(handler);
    for (const NodeTag kind : kinds)
        wanting.at(static_cast<std::size_t>(kind)) |= static_cast<std::uint16_t>(1U << (count - 1));
}

void on_utility_except(std::initializer_list<NodeTag> kinds, UtilityHandler handler) {
    add(handler);
    for (std::size_t tag = 0; tag < tags; tag++)
        if (std::none_of(kinds.begin(), kinds.end(),
                         [&](NodeTag kind) { return static_cast<std::size_t>(kind) == tag; }))
            wanting[tag] |= static_cast<std::uint16_t>(1U << (count - 1));
}

} // namespace gdpr::pg
