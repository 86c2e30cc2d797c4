// EXPLAIN tells which columns were gated, and by which rule.
#include "pg/explain.hpp"
#include "gate/planner.hpp"
#include "gate/sources.hpp"
#include "gate/utility.hpp"
#include "pg/pg.hpp"

namespace gdpr::gate {

namespace {

ExplainOneQuery_hook_type next_explain = nullptr;

std::vector<std::string> in_words(const std::vector<Gated> &gated) {
    std::vector<std::string> out;
    for (const Gated &each : gated) {
        const char *column = pg::call([&] { return get_attname(each.relation, each.column, true); });
        std::string line = pg::relation_name(each.relation) + '.' + pg::quote(column != nullptr ? column : "") + ": " +
                           each.verdict.rule;
        if (std::find(out.begin(), out.end(), line) == out.end())
            out.push_back(std::move(line));
    }
    return out;
}

void tell(ExplainState *state, const std::vector<std::string> &lines) {
    List *list = NIL;
    for (const std::string &line : lines)
        list = pg::call([&] { return lappend(list, pstrdup(line.c_str())); });
    pg::call([&] {
        if (state->format == EXPLAIN_FORMAT_TEXT) {
            ListCell *cell;
            foreach (cell, list)
                ExplainPropertyText("Gated", static_cast<char *>(lfirst(cell)), state);
            return;
        }
        ExplainOpenGroup("Query", nullptr, true, state);
        ExplainPropertyList("Gated", list, state);
        ExplainCloseGroup("Query", nullptr, true, state);
    });
}

void explain(Query *query, int options, IntoClause *into, ExplainState *state, const char *text,
             ParamListInfo parameters, QueryEnvironment *environment) {
    if (!pg::boundary([] { return any_rules() && sight().gated; })) {
        pg::explain_query(next_explain, query, options, into, state, text, parameters, environment);
        return;
    }
    pg::boundary([&] {
        // CREATE TABLE AS within EXPLAIN ANALYZE makes the table.
        if (into != nullptr && state->analyze)
            refuse_stored(query, sight());
        const Notes notes;
        pg::call([&] { pg::explain_query(next_explain, query, options, into, state, text, parameters, environment); });
        if (const auto lines = in_words(notes.gated()); !lines.empty())
            tell(state, lines);
    });
}

/// EXPLAIN EXECUTE explains a plan without a hook of its own: what it sends to the client is completed on the way.
struct Telling {
    DestReceiver receiver;
    DestReceiver *next;
    const char *prepared;
    ExplainFormat format;
    TupleDesc row;
};

/// What was gated in the statement that has just been explained.
std::vector<std::string> gated_in_prepared(const char *name) {
    std::vector<Gated> gated;
    const PreparedStatement *prepared = pg::call([&] { return FetchPreparedStatement(name, false); });
    ListCell *cell;
    foreach (cell, prepared != nullptr && any_rules() ? prepared->plansource->query_list : NIL)
        if (sight().gated)
            (void)rewrite(lfirst_node(Query, cell), sight(), &gated);
    return in_words(gated);
}

/// The whole output of an EXPLAIN, in the format of a document, with what was gated.
std::string completed(const std::string &document, ExplainFormat format, const std::vector<std::string> &lines) {
    ExplainState *state = pg::call([&] {
        ExplainState *made = NewExplainState();
        made->format = format;
        ExplainBeginOutput(made);
        return made;
    });
    tell(state, lines);
    pg::call([&] { ExplainEndOutput(state); });
    const std::string other(state->str->data, static_cast<std::size_t>(state->str->len));
    const auto upto = [&](const char *end) { return document.substr(0, document.rfind(end)); };
    switch (format) {
    case EXPLAIN_FORMAT_JSON:
        return upto("\n]") + "," + other.substr(1);
    case EXPLAIN_FORMAT_XML:
        return upto("</explain>") + other.substr(other.find('\n') + 1);
    default:
        return document + "\n" + other;
    }
}

void send(Telling *telling, const std::string &text) {
    pg::call([&] {
        TupleTableSlot *slot = MakeSingleTupleTableSlot(telling->row, &TTSOpsVirtual);
        ExecClearTuple(slot);
        slot->tts_values[0] = PointerGetDatum(cstring_to_text(text.c_str()));
        slot->tts_isnull[0] = false;
        ExecStoreVirtualTuple(slot);
        (void)telling->next->receiveSlot(slot, telling->next);
        ExecDropSingleTupleTableSlot(slot);
    });
}

Telling *of(DestReceiver *receiver) { return reinterpret_cast<Telling *>(receiver); }

bool receive(TupleTableSlot *slot, DestReceiver *self) {
    Telling *telling = of(self);
    if (telling->format == EXPLAIN_FORMAT_TEXT)
        return telling->next->receiveSlot(slot, telling->next);
    return pg::boundary([&] {
        const auto lines = gated_in_prepared(telling->prepared);
        if (lines.empty())
            return pg::call([&] { return telling->next->receiveSlot(slot, telling->next); });
        const Datum whole = pg::call([&] {
            slot_getallattrs(slot);
            return slot->tts_values[0];
        });
        send(telling, completed(pg::to_string(whole), telling->format, lines));
        return true;
    });
}

void start_up(DestReceiver *self, int operation, TupleDesc row) {
    of(self)->row = row;
    of(self)->next->rStartup(of(self)->next, operation, row);
}

void shut_down(DestReceiver *self) {
    Telling *telling = of(self);
    if (telling->format == EXPLAIN_FORMAT_TEXT)
        pg::boundary([&] {
            for (const std::string &line : gated_in_prepared(telling->prepared))
                send(telling, "Gated: " + line);
        });
    telling->next->rShutdown(telling->next);
}

/// The EXECUTE that is explained, perhaps within CREATE TABLE AS.
const ExecuteStmt *executed(const Node *query, bool *stores) {
    if (!IsA(query, Query) || reinterpret_cast<const Query *>(query)->commandType != CMD_UTILITY)
        return nullptr;
    const Node *statement = reinterpret_cast<const Query *>(query)->utilityStmt;
    if (IsA(statement, CreateTableAsStmt) && !*stores) {
        *stores = true;
        return executed(reinterpret_cast<const CreateTableAsStmt *>(statement)->query, stores);
    }
    return IsA(statement, ExecuteStmt) ? reinterpret_cast<const ExecuteStmt *>(statement) : nullptr;
}

} // namespace

DestReceiver *explaining(const ExplainStmt &statement, DestReceiver *destination) {
    bool stores = false;
    const ExecuteStmt *execute = executed(statement.query, &stores);
    if (execute == nullptr || !any_rules() || !sight().gated)
        return destination;
    bool analyze = false;
    ExplainFormat format = EXPLAIN_FORMAT_TEXT;
    ListCell *cell;
    foreach (cell, statement.options) {
        auto *option = lfirst_node(DefElem, cell);
        const std::string_view name = option->defname;
        if (name == "analyze")
            analyze = pg::call([&] { return defGetBoolean(option); });
        if (name != "format")
            continue;
        const std::string_view value = pg::call([&] { return defGetString(option); });
        format = value == "json"   ? EXPLAIN_FORMAT_JSON
                 : value == "xml"  ? EXPLAIN_FORMAT_XML
                 : value == "yaml" ? EXPLAIN_FORMAT_YAML
                                   : EXPLAIN_FORMAT_TEXT;
    }
    const PreparedStatement *prepared =
        stores && analyze ? pg::call([&] { return FetchPreparedStatement(execute->name, false); }) : nullptr;
    foreach (cell, prepared != nullptr ? prepared->plansource->query_list : NIL)
        refuse_stored(lfirst_node(Query, cell), sight());
    return pg::call([&] {
        auto *telling = static_cast<Telling *>(palloc0(sizeof(Telling)));
        telling->receiver = *destination;
        telling->receiver.receiveSlot = receive;
        telling->receiver.rStartup = start_up;
        telling->receiver.rShutdown = shut_down;
        telling->next = destination;
        telling->prepared = execute->name;
        telling->format = format;
        return &telling->receiver;
    });
}

void init_explain() {
    next_explain = ExplainOneQuery_hook;
    ExplainOneQuery_hook = explain;
}

} // namespace gdpr::gate
