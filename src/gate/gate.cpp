// Setting the rules.
#include "gate/gate.hpp"

#include "audit/audit.hpp"
#include "gate/closed.hpp"
#include "gate/integrity.hpp"
#include "gate/planner.hpp"
#include "gate/utility.hpp"
#include "pg/pg.hpp"

namespace gdpr::gate {

namespace {

/// A word of the DBA's own: it comes back in EXPLAIN and in errors.
std::string channel_argument(FunctionCallInfo fcinfo, int argument) {
    const std::string channel = pg::to_string(PG_GETARG_DATUM(argument));
    if (channel.empty() || channel.size() > 63)
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "not a channel", "A channel has a name of 1 to 63 bytes.",
                  "Channels are internal (whoever is in no other), export, api, integration, and your own.");
    return channel;
}

std::string action_argument(FunctionCallInfo fcinfo, int argument) {
    if (PG_ARGISNULL(argument))
        return {};
    const std::string action = pg::to_string(PG_GETARG_DATUM(argument));
    for (const Action each : {Action::show, Action::mask, Action::hide, Action::deny})
        if (action == word(each))
            return action;
    pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "no such action", "Actions are show, mask, hide and deny.",
              "A null action removes the rule.");
}

void set(const std::string &where, std::vector<pg::Param> values, const std::string &insert,
         const std::string &action) {
    const pg::OwnerScope scope(pg::gdpr_relation("gate_rule"));
    pg::Spi spi;
    (void)spi.run("DELETE FROM gdpr.gate_rule WHERE " + where, values);
    if (action.empty())
        return;
    values.push_back(pg::param(action));
    (void)spi.run("INSERT INTO gdpr.gate_rule " + insert, values);
}

/// What reaches the data past any statement.
void warn_of_attributes(Oid role) {
    struct Attribute {
        const char *name;
        bool has;
    };
    const auto member = [&](const char *group) {
        return pg::call([&] {
            const Oid id = get_role_oid(group, true);
            return OidIsValid(id) && is_member_of_role_nosuper(role, id);
        });
    };
    bool replication = false, creates_roles = false, bypasses = false;
    pg::call([&] {
        HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
        if (!HeapTupleIsValid(tuple))
            return;
        const auto *form = reinterpret_cast<Form_pg_authid>(GETSTRUCT(tuple));
        replication = form->rolreplication;
        creates_roles = form->rolcreaterole;
        bypasses = form->rolbypassrls && !form->rolsuper;
        ReleaseSysCache(tuple);
    });
    for (const Attribute &each : {Attribute{"is a superuser", pg::call([&] { return superuser_arg(role); })},
                                  Attribute{"may replicate", replication}, Attribute{"may create roles", creates_roles},
                                  Attribute{"reads past policies in sessions without gdpr", bypasses},
                                  Attribute{"reads files of the server", member("pg_read_server_files")},
                                  Attribute{"runs programs on the server", member("pg_execute_server_program")}})
        if (each.has) {
            const std::string name = pg::role_name(role);
            pg::call([&] {
                ereport(WARNING, (errmsg("role %s %s, which no gate holds", name.c_str(), each.name),
                                  errhint("Give what it does to a role of its own.")));
            });
        }
}

} // namespace

void init() {
    init_rules();
    init_columns();
    init_integrity();
    init_planner();
    init_utility();
    init_statistics();
    init_explain();
}

} // namespace gdpr::gate

using namespace gdpr;

GDPR_FUNCTION(gdpr_gate_class) {
    pg::require_role("gdpr_admin", "set a gate");
    pg::refuse_nulls(fcinfo, {"class", "channel"});
    const std::string data_class = pg::to_string(PG_GETARG_DATUM(0)), channel = gate::channel_argument(fcinfo, 1),
                      action = gate::action_argument(fcinfo, 2);
    if (data_class != "personal" && data_class != "sensitive")
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "no such class", "Classes are personal and sensitive.",
                  "For one column, use gdpr.gate(relation, column_name, channel, action).");
    gate::set("class = $1 AND channel = $2", {pg::param(data_class), pg::param(channel)},
              "(class, channel, action) VALUES ($1, $2, $3)", action);
    audit::record_about(pg::gdpr_relation("gate_rule"), "gate",
                        data_class + ", " + channel + ": " + (action.empty() ? "none" : action));
    if (!action.empty() && action != "show")
        gate::warn_of_open_tables(channel);
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_gate_column) {
    pg::require_role("gdpr_admin", "set a gate");
    pg::refuse_nulls(fcinfo, {"relation", "column_name", "channel"});
    const Oid relation = PG_GETARG_OID(0);
    const std::string column = NameStr(*PG_GETARG_NAME(1)), channel = gate::channel_argument(fcinfo, 2),
                      action = gate::action_argument(fcinfo, 3);
    const char kind = pg::call([&] { return get_rel_relkind(relation); });
    if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE && kind != RELKIND_FOREIGN_TABLE)
        pg::raise(ERRCODE_WRONG_OBJECT_TYPE, "only columns of tables are gated",
                  "Views show what their tables are gated to.", "Gate the column that the data comes from.");
    const AttrNumber number = pg::call([&] { return get_attnum(relation, column.c_str()); });
    if (number < 0)
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "system columns are not gated");
    if (number == InvalidAttrNumber && !action.empty())
        pg::raise(ERRCODE_UNDEFINED_COLUMN, "there is no such column",
                  "Relation " + pg::relation_name(relation) + " has none of that name.");
    const pg::Param name = pg::param(NAMEOID, PG_GETARG_DATUM(1));
    gate::set("relation = $1 AND column_name = $2 AND channel = $3",
              {pg::param_oid(relation), name, pg::param(channel)},
              "(relation, column_name, channel, action) VALUES ($1, $2, $3, $4)", action);
    audit::record_about(relation, "gate",
                        pg::quote(column) + ", " + channel + ": " + (action.empty() ? "none" : action));
    if (!action.empty() && action != "show")
        gate::warn_of_open_tables(channel);
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_assign_channel) {
    pg::require_role("gdpr_admin", "assign a channel");
    pg::refuse_nulls(fcinfo, {"role"});
    const Oid role = PG_GETARG_OID(0);
    const std::string name = pg::role_name(role);
    const std::string channel = PG_ARGISNULL(1) ? std::string() : gate::channel_argument(fcinfo, 1);
    const pg::Param who = pg::param(REGROLEOID, ObjectIdGetDatum(role));
    {
        const pg::OwnerScope scope(pg::gdpr_relation("channel_role"));
        pg::Spi spi;
        if (channel.empty())
            (void)spi.run("DELETE FROM gdpr.channel_role WHERE role = $1", {who});
        else
            (void)spi.run("INSERT INTO gdpr.channel_role (role, channel) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                          {who, pg::param(channel)});
    }
    audit::record_about(pg::gdpr_relation("channel_role"), "assign_channel",
                        name + ": " + (channel.empty() ? "none" : channel));
    if (!channel.empty()) {
        gate::warn_of_attributes(role);
        gate::warn_of_open_tables(channel);
    }
    PG_RETURN_VOID();
}
