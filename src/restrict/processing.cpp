#include "restrict/processing.hpp"

#include "audit/audit.hpp"
#include "pg/pg.hpp"
#include "restrict/set.hpp"

namespace gdpr::restriction {

namespace {

constexpr std::array grounds{"consent", "legal_claims", "rights_of_others", "public_interest"};
constexpr const char *grounds_detail =
    "Grounds of Art. 18(2) are consent, legal_claims, rights_of_others and public_interest.";

char *purpose_setting = nullptr;
char *ground_setting = nullptr;
std::uint64_t version = 1;
bool stating = false; // gdpr.state_ground() is at work
Reach reach = Reach::by_role;

bool is_ground(std::string_view word) { return std::find(grounds.begin(), grounds.end(), word) != grounds.end(); }

/// A ground is stated by the function alone, which records it; a parallel worker takes over its leader's.
bool check_ground(char **value, void **, GucSource) {
    if (**value == '\0' || (is_ground(*value) && (stating || InitializingParallelWorker)))
        return true;
    GUC_check_errcode(ERRCODE_INSUFFICIENT_PRIVILEGE);
    GUC_check_errmsg("a ground is stated by a function, which records it");
    GUC_check_errhint("Use gdpr.state_ground().");
    return false;
}

void setting_changed(const char *, void *) { version++; }

struct Purpose {
    bool by_consent = false, direct_marketing = false, decides_alone = false;
};

/// The purposes there are, and the roles that are tied to some: few, and read whole.
struct Purposes {
    std::uint64_t epoch = 0;
    std::map<std::string, Purpose> by_name;
    std::multimap<Oid, std::string> ties;
};
Purposes *known = nullptr;

/// Visits the rows of a table of ours, below privileges.
template <typename Visit> void each_row(Oid relation, Visit visit) {
    if (!OidIsValid(relation))
        return;
    pg::Relation opened(relation, AccessShareLock);
    const pg::NewestSnapshot snapshot(relation);
    TupleTableSlot *slot = pg::call([&] { return table_slot_create(opened.get(), nullptr); });
    TableScanDesc scan = pg::call([&] { return table_beginscan(opened.get(), snapshot.get(), 0, nullptr); });
    while (pg::call([&] { return table_scan_getnextslot(scan, ForwardScanDirection, slot); }))
        visit(slot);
    pg::call([&] {
        table_endscan(scan);
        ExecDropSingleTupleTableSlot(slot);
    });
}

Datum value(Oid relation, TupleTableSlot *slot, const char *column) {
    return pg::call([&] {
        bool null;
        return slot_getattr(slot, get_attnum(relation, column), &null);
    });
}

const Purposes &purposes() {
    const std::uint64_t now = refresh();
    if (known != nullptr && known->epoch == now)
        return *known;
    auto fresh = std::make_unique<Purposes>();
    fresh->epoch = now;
    pg::TemporaryContext context("gdpr purposes");
    const Oid table = pg::gdpr_relation("purpose");
    const Oid basis = pg::gdpr_type("lawful_basis");
    each_row(table, [&](TupleTableSlot *slot) {
        const Datum word = value(table, slot, "basis");
        fresh->by_name[pg::to_string(value(table, slot, "name"))] = {
            pg::call([&] {
                Oid output;
                bool variable;
                getTypeOutputInfo(basis, &output, &variable);
                return std::strcmp(OidOutputFunctionCall(output, word), "consent") == 0;
            }),
            DatumGetBool(value(table, slot, "direct_marketing")),
            pg::call([&] { return !slot_attisnull(slot, get_attnum(table, "automated_decisions")); })};
    });
    const Oid ties = pg::gdpr_relation("role_purpose");
    each_row(ties, [&](TupleTableSlot *slot) {
        fresh->ties.emplace(DatumGetObjectId(value(ties, slot, "role")), pg::to_string(value(ties, slot, "purpose")));
    });
    delete known;
    known = fresh.release();
    return *known;
}

const Purpose &purpose_named(const std::string &name) {
    const auto found = purposes().by_name.find(name);
    if (found == purposes().by_name.end())
        pg::raise(ERRCODE_UNDEFINED_OBJECT, "there is no such purpose", "gdpr.purpose has none of that name.",
                  "An officer adds it: INSERT INTO gdpr.purpose (name, description, basis) VALUES (…).");
    return found->second;
}

/// A role that is tied to purposes works for one of them, whatever it calls or sets its role to.
void require_tied_purpose(Oid role, const std::string &purpose) {
    if (purposes().ties.empty())
        return;
    for (const Oid user : {GetSessionUserId(), GetOuterUserId(), role}) {
        bool tied = false, served = false;
        for (const auto &tie : purposes().ties)
            if (pg::call([&] { return is_member_of_role_nosuper(user, tie.first); })) {
                tied = true;
                served = served || tie.second == purpose;
            }
        if (tied && !served && !pg::call([&] { return superuser_arg(user); }))
            pg::raise(ERRCODE_INSUFFICIENT_PRIVILEGE,
                      purpose.empty() ? "this role processes personal data only for a purpose"
                                      : "this role does not process personal data for this purpose",
                      "It is tied to purposes by gdpr.assign_purpose().", "SET gdpr.purpose to one of them.");
    }
}

} // namespace

bool is_officer(Oid role) {
    return pg::call([&] {
        const Oid officer = get_role_oid("gdpr_officer", true);
        return OidIsValid(officer) ? has_privs_of_role(role, officer) : superuser_arg(role);
    });
}

Reaching::Reaching(Reach now) noexcept : outer_(std::exchange(reach, now)) { version++; }
Reaching::~Reaching() {
    reach = outer_;
    version++;
}

bool may_change(Oid role) {
    if (reach != Reach::by_role)
        return reach == Reach::all;
    // The rights that officers exercise reach restricted people; what they do by themselves needs a ground.
    return pg::in_owner_scope() ? is_officer(role) : sees_restricted(role);
}

bool sees_restricted(Oid role) {
    if (reach != Reach::by_role)
        return reach == Reach::all;
    return pg::call([&] { return superuser_arg(role); }) ||
           (ground_setting != nullptr && *ground_setting != '\0' && is_officer(role));
}

Processing processing(Oid role) {
    Processing now;
    if (reach == Reach::nobody)
        return now;
    if (purpose_setting != nullptr && *purpose_setting != '\0')
        now = processing_for(purpose_setting);
    require_tied_purpose(role, now.purpose);
    now.restricted = sees_restricted(role);
    return now;
}

std::optional<Processing> plain_processing(Oid role) {
    const auto set = [](const char *setting) { return setting != nullptr && *setting != '\0'; };
    if (reach != Reach::by_role || set(purpose_setting) || set(ground_setting) || !purposes().ties.empty())
        return std::nullopt;
    return Processing{{}, pg::call([&] { return superuser_arg(role); })};
}

Processing processing_for(const std::string &purpose) {
    (void)purpose_named(purpose);
    return {purpose, false};
}

bool by_consent(const std::string &purpose) { return purpose_named(purpose).by_consent; }

bool direct_marketing(const std::string &purpose) { return purpose_named(purpose).direct_marketing; }

bool decides_alone(const std::string &purpose) { return purpose_named(purpose).decides_alone; }

std::uint64_t settings_version() noexcept { return version; }

void init_processing() {
    pg::call([] {
        DefineCustomStringVariable("gdpr.purpose", "The purpose for which this session processes personal data.",
                                   "Tables with people's data show only those who may be processed for it. Empty: no "
                                   "purpose in particular.",
                                   &purpose_setting, "", PGC_USERSET, 0, nullptr, setting_changed, nullptr);
        DefineCustomStringVariable("gdpr.ground", "The ground on which an officer sees restricted people.",
                                   "Set by gdpr.state_ground().", &ground_setting, "", PGC_USERSET,
                                   GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE, check_ground, setting_changed, nullptr);
    });
}

namespace {

/// While one lives, the check of the setting lets a ground pass.
class Stating {
  public:
    Stating() noexcept { stating = true; }
    ~Stating() { stating = false; }
    Stating(const Stating &) = delete;
    Stating &operator=(const Stating &) = delete;
};

void state(const std::string &ground, bool local) {
    const Stating scope;
    pg::call([&] {
        (void)set_config_option("gdpr.ground", ground.c_str(), superuser() ? PGC_SUSET : PGC_USERSET, PGC_S_SESSION,
                                local ? GUC_ACTION_LOCAL : GUC_ACTION_SET, true, 0, false);
    });
}

} // namespace

} // namespace gdpr::restriction

using namespace gdpr;

GDPR_FUNCTION(gdpr_state_ground) {
    pg::require_role("gdpr_officer", "state a ground for seeing restricted people");
    const bool local = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
    if (PG_ARGISNULL(0)) {
        restriction::state("", local);
        PG_RETURN_VOID();
    }
    const std::string ground = pg::to_string(PG_GETARG_DATUM(0));
    if (!restriction::is_ground(ground))
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "no such ground", restriction::grounds_detail,
                  "A null ground ends what was stated.");
    if (PG_ARGISNULL(1))
        pg::raise(ERRCODE_NULL_VALUE_NOT_ALLOWED, "reason must not be null");
    audit::record_about(pg::gdpr_relation("restriction"), "state_ground",
                        ground + ": " + pg::to_string(PG_GETARG_DATUM(1)));
    restriction::state(ground, local);
    // The record goes where the transaction rolls back; what was seen was seen.
    pg::call([] { ereport(LOG_SERVER_ONLY, (errmsg("a ground for seeing restricted people was stated"))); });
    PG_RETURN_VOID();
}
