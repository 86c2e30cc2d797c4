#include "install/install.hpp"

#include "key/key.hpp"
#include "key/provider.hpp"
#include "pg/pg.hpp"

using namespace gdpr;

namespace {

constexpr const char *library = "gdpr";
struct Role {
    const char *name;
    const char *comment;
};

constexpr Role roles[] = {
    {"gdpr_admin", "Sets gates and channels, applies labels, manages keys."},
    {"gdpr_officer", "Exercises the rights of data subjects; sees restricted rows."},
    {"gdpr_auditor", "Reads the audit log and the reports."},
    {"gdpr_backup", "Dumps and loads ciphertext."},
    {"gdpr_mailer", "Takes rendered mails out of the outbox to send them; reads all that is in them."},
    {"gdpr_web", "Answers for people by the links that they were sent, and can do nothing else."},
};

/// The libraries this database loads in every session, as set for the database itself.
std::vector<std::string> session_libraries(pg::Spi &spi) {
    const pg::Rows rows =
        spi.run("SELECT substr(setting, length('session_preload_libraries=') + 1)"
                "  FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) AS setting"
                " WHERE s.setdatabase = $1 AND s.setrole = 0 AND setting LIKE 'session\\_preload\\_libraries=%'",
                {pg::param(OIDOID, ObjectIdGetDatum(MyDatabaseId))});
    std::vector<std::string> libraries;
    if (rows.empty())
        return libraries;
    std::string raw = rows.text_or(0, 1);
    List *names = NIL;
    pg::call([&] { (void)SplitDirectoriesString(raw.data(), ',', &names); });
    ListCell *cell;
    foreach (cell, names)
        libraries.emplace_back(static_cast<char *>(lfirst(cell)));
    return libraries;
}

void set_session_libraries(pg::Spi &spi, const std::vector<std::string> &libraries) {
    const std::string database = pg::quote(std::string(pg::call([] { return get_database_name(MyDatabaseId); })));
    std::string list;
    for (const std::string &each : libraries)
        list += (list.empty() ? "" : ", ") + pg::quote_literal(each);
    (void)spi.run("ALTER DATABASE " + database +
                  (list.empty() ? " RESET session_preload_libraries" : " SET session_preload_libraries = " + list));
}

void load_in_every_session() {
    pg::Spi spi;
    std::vector<std::string> libraries = session_libraries(spi);
    if (std::find(libraries.begin(), libraries.end(), library) != libraries.end())
        return;
    libraries.emplace_back(library);
    set_session_libraries(spi, libraries);
}

void load_in_no_session() {
    pg::Spi spi;
    std::vector<std::string> libraries = session_libraries(spi);
    if (std::erase(libraries, library) > 0)
        set_session_libraries(spi, libraries);
}

void dropped(Oid catalog, Oid object, int) {
    if (catalog != ExtensionRelationId)
        return;
    pg::boundary([&] {
        const char *name = pg::call([&] { return get_extension_name(object); });
        // A library left there and then uninstalled would lock everyone out of the database.
        if (name != nullptr && std::string_view(name) == library)
            load_in_no_session();
    });
}

} // namespace

GDPR_FUNCTION(gdpr_create_roles) {
    pg::Spi spi;
    for (const Role &role : roles) {
        if (OidIsValid(pg::call([&] { return get_role_oid(role.name, true); })))
            continue;
        (void)spi.run(std::string("CREATE ROLE ") + role.name + " NOLOGIN");
        (void)spi.run(std::string("COMMENT ON ROLE ") + role.name + " IS " + pg::quote_literal(role.comment));
    }
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_finish_install) {
    load_in_every_session();
    const bool made = key::ensure_root();
    const std::string path = key::keyring_path();
    pg::call([&] {
        // CREATE EXTENSION silences notices; INFO reaches the DBA all the same.
        if (made)
            ereport(INFO, (errmsg("the first root key was made in the keyring \"%s\"", path.c_str()),
                           errhint("Back the keyring up now, apart from the database: without it encrypted values "
                                   "are lost.")));
        else
            ereport(INFO, (errmsg("using the keyring \"%s\"", path.c_str())));
    });
    PG_RETURN_VOID();
}

namespace gdpr::install {

void init() {
    pg::on_object_access(OAT_DROP, dropped);
    init_preload();
}

} // namespace gdpr::install
