#include "consent/source.hpp"

#include "pg/pg.hpp"

namespace gdpr::consent {

namespace {

constexpr std::array kinds{"webform", "import", "manual", "api", "integration"};
constexpr const char *kinds_detail = "Kinds of source are webform, import, manual, api and integration.";

char *kind = nullptr;
char *name = nullptr;
char *address = nullptr;

bool is_kind(std::string_view word) { return std::find(kinds.begin(), kinds.end(), word) != kinds.end(); }

bool check_kind(char **value, void **, GucSource) {
    if (**value == '\0' || is_kind(*value))
        return true;
    GUC_check_errmsg("unknown kind of source");
    GUC_check_errdetail("%s", kinds_detail);
    return false;
}

bool check_address(char **value, void **, GucSource) {
    // Neither raises nor repeats the address, which is personal.
    inet_struct parsed;
    const bool six = std::strchr(*value, ':') != nullptr;
    if (**value == '\0' ||
        pg_inet_net_pton(six ? PGSQL_AF_INET6 : PGSQL_AF_INET, *value, parsed.ipaddr, static_cast<size_t>(-1)) >= 0)
        return true;
    GUC_check_errmsg("the address of the source is not a network address");
    return false;
}

std::optional<std::string> unless_empty(const char *text) {
    return text == nullptr || *text == '\0' ? std::nullopt : std::optional<std::string>(text);
}

/// Is a COPY FROM running in this backend? Its triggers fire before it ends; its progress report tells.
bool in_copy_from() {
    return MyBEEntry != nullptr && MyBEEntry->st_progress_command == PROGRESS_COMMAND_COPY &&
           MyBEEntry->st_progress_param[PROGRESS_COPY_COMMAND] == PROGRESS_COPY_COMMAND_FROM;
}

std::optional<std::string> client_address() {
    // The client of a backend never changes.
    static bool known = false;
    static std::optional<std::string> cached;
    if (!known) {
        const char *text = pg::call([] {
            LOCAL_FCINFO(call_info, 0);
            InitFunctionCallInfoData(*call_info, nullptr, 0, InvalidOid, nullptr, nullptr);
            const Datum found = inet_client_addr(call_info);
            return call_info->isnull ? nullptr : OidOutputFunctionCall(F_INET_OUT, found);
        });
        if (text != nullptr)
            cached = text;
        known = true;
    }
    return cached;
}

void set(const char *parameter, const std::string &value, bool local) {
    pg::call([&] {
        (void)set_config_option(parameter, value.c_str(), superuser() ? PGC_SUSET : PGC_USERSET, PGC_S_SESSION,
                                local ? GUC_ACTION_LOCAL : GUC_ACTION_SET, true, 0, false);
    });
}

} // namespace

Source current_source() {
    if (const auto said = unless_empty(kind))
        return {*said, unless_empty(name), unless_empty(address)};
    if (pg::call([] { return IsLogicalWorker(); }))
        return {"integration", std::nullopt, client_address()};
    const auto application = unless_empty(application_name);
    if (in_copy_from())
        return {"import", application, client_address()};
    if (application && *application != "psql")
        return {"api", application, client_address()};
    return {"manual", std::string(pg::call([] { return GetUserNameFromId(GetUserId(), false); })), client_address()};
}

void init_source() {
    pg::call([] {
        DefineCustomStringVariable("gdpr.source_kind", "Where the people come from whom this session stores.",
                                   "webform, import, manual, api or integration. Empty: as the session itself tells. "
                                   "Set by gdpr.set_source().",
                                   &kind, "", PGC_USERSET, 0, check_kind, nullptr, nullptr);
        DefineCustomStringVariable("gdpr.source_name", "Which form, file, application or partner that is.", nullptr,
                                   &name, "", PGC_USERSET, 0, nullptr, nullptr, nullptr);
        DefineCustomStringVariable("gdpr.source_address", "The network address that it came from.", nullptr, &address,
                                   "", PGC_USERSET, 0, check_address, nullptr, nullptr);
    });
}

} // namespace gdpr::consent

using namespace gdpr;

GDPR_FUNCTION(gdpr_set_source) {
    const bool local = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3);
    std::string kind, name, address;
    if (!PG_ARGISNULL(0))
        kind = pg::to_string(PG_GETARG_DATUM(0));
    if (!PG_ARGISNULL(1))
        name = pg::to_string(PG_GETARG_DATUM(1));
    if (!PG_ARGISNULL(2))
        address = pg::call([&] { return OidOutputFunctionCall(F_INET_OUT, PG_GETARG_DATUM(2)); });
    if (kind.empty() ? !name.empty() || !address.empty() || !PG_ARGISNULL(0) : !consent::is_kind(kind))
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "unknown kind of source", consent::kinds_detail,
                  "A null kind, alone, ends what was set.");
    consent::set("gdpr.source_kind", kind, local);
    consent::set("gdpr.source_name", name, local);
    consent::set("gdpr.source_address", address, local);
    PG_RETURN_VOID();
}
