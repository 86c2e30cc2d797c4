#include "consent/source.hpp"

#include "pg/pg.hpp"
#include "restrict/copy.hpp"

namespace gdpr::consent {

namespace {

constexpr std::array kinds{"webform", "import", "manual", "api", "integration"};

char *kind = nullptr;
char *name = nullptr;
char *address = nullptr;
int line = 0;

bool is_kind(std::string_view word) { return std::find(kinds.begin(), kinds.end(), word) != kinds.end(); }

bool check_kind(char **value, void **, GucSource) {
    if (**value == '\0' || is_kind(*value))
        return true;
    GUC_check_errmsg("unknown kind of source");
    GUC_check_errdetail("%s", kinds_of_source_detail);
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

/// Which row of its command this is: rows of one COPY are seen here in the order of the file.
std::int64_t count_row(CommandId command) {
    static FullTransactionId transaction{0};
    static CommandId counted = InvalidCommandId;
    static std::int64_t rows = 0;
    const FullTransactionId now = GetTopFullTransactionIdIfAny();
    if (!FullTransactionIdEquals(transaction, now) || counted != command) {
        transaction = now;
        counted = command;
        rows = 0;
    }
    return ++rows;
}

/// The subscription that this worker applies, by name. A worker never changes to another.
std::optional<std::string> subscription() {
    static bool known = false;
    static std::optional<std::string> cached;
    constexpr std::string_view before = "subscription ";
    const std::string_view name = MyBgworkerEntry != nullptr ? MyBgworkerEntry->bgw_name : "";
    if (const auto at = name.find(before); !known && at != std::string_view::npos) {
        const auto id = static_cast<Oid>(std::strtoul(name.data() + at + before.size(), nullptr, 10));
        const pg::OwnerScope scope(pg::gdpr_relation("provenance_record"));
        pg::Spi spi;
        const pg::Rows rows = spi.run("SELECT subname FROM pg_catalog.pg_subscription WHERE oid = $1",
                                      {pg::param(OIDOID, ObjectIdGetDatum(id))}, true);
        cached = rows.empty() ? std::nullopt : rows.text(0, 1);
        known = true;
    }
    return cached;
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

const char *const kinds_of_source_detail = "Kinds of source are webform, import, manual, api and integration.";

bool is_kind_of_source(std::string_view word) { return is_kind(word); }

Source current_source(CommandId command, bool counts) {
    const bool copy = in_copy_from();
    std::optional<std::int64_t> record;
    if (line > 0)
        record = line;
    else if (copy && counts)
        record = count_row(command);
    const auto file = copy ? restriction::copied_file() : std::nullopt;
    if (const auto said = unless_empty(kind)) {
        auto called = unless_empty(name);
        return {*said, called ? called : file, unless_empty(address), *said == "import" ? record : std::nullopt};
    }
    if (pg::call([] { return IsLogicalWorker(); }))
        return {"integration", subscription(), client_address(), std::nullopt};
    const auto application = unless_empty(application_name);
    if (copy)
        return {"import", file ? file : application, client_address(), record};
    if (application && *application != "psql")
        return {"api", application, client_address(), std::nullopt};
    return {"manual", std::string(pg::call([] { return GetUserNameFromId(GetUserId(), false); })), client_address(),
            std::nullopt};
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
        DefineCustomIntVariable("gdpr.source_line", "The line of the file that it came from.",
                                "0: counted by COPY, else not recorded.", &line, 0, 0, INT_MAX, PGC_USERSET, 0, nullptr,
                                nullptr, nullptr);
    });
}

void check_line(const std::string &kind, int line) {
    if (line < 0 || (line > 0 && kind != "import"))
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "a line is that of an imported file, from 1");
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
    if (kind.empty() ? !name.empty() || !address.empty() || !PG_ARGISNULL(0) || !PG_ARGISNULL(4)
                     : !consent::is_kind(kind))
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "unknown kind of source", consent::kinds_of_source_detail,
                  "A null kind, alone, ends what was set.");
    const int line = PG_ARGISNULL(4) ? 0 : PG_GETARG_INT32(4);
    consent::check_line(kind, line);
    consent::set("gdpr.source_kind", kind, local);
    consent::set("gdpr.source_name", name, local);
    consent::set("gdpr.source_address", address, local);
    consent::set("gdpr.source_line", std::to_string(line), local);
    PG_RETURN_VOID();
}
