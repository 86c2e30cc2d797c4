// A setting of session_preload_libraries replaces the database's: such sessions begin without the library. What guards
// people's data loads it when it is first needed, but what the library tells the client (plain types, COPY into
// protected tables) is not there before. So whoever makes such a setting is told.
#include "install/install.hpp"
#include "pg/pg.hpp"

namespace gdpr::install {

namespace {

/// Does the setting name the library?
bool names_library(const VariableSetStmt &setting) {
    ListCell *cell;
    foreach (cell, setting.args) {
        const auto *constant = static_cast<const A_Const *>(lfirst(cell));
        if (IsA(constant, A_Const) && !constant->isnull && IsA(&constant->val, String) &&
            std::string_view(strVal(&constant->val)).find("gdpr") != std::string_view::npos)
            return true;
    }
    return false;
}

void warn(const VariableSetStmt *setting, const char *whose, const char *name) {
    if (setting == nullptr || setting->kind != VAR_SET_VALUE || setting->name == nullptr ||
        std::string_view(setting->name) != "session_preload_libraries" || names_library(*setting))
        return;
    // Loaded by the server for everyone?
    const char *shared = GetConfigOption("shared_preload_libraries", true, false);
    if (shared != nullptr && std::string_view(shared).find("gdpr") != std::string_view::npos)
        return;
    if (pg::boundary([] { return pg::installed(); }))
        ereport(WARNING,
                (errmsg("sessions of %s %s will begin without gdpr", whose, name),
                 errdetail("This setting takes the place of the database's."), errhint("Name gdpr in it, too.")));
}

void utility(pg::Utility &command) {
    command.proceed();
    if (const Node *node = command.statement(); IsA(node, AlterRoleSetStmt)) {
        const auto *change = reinterpret_cast<const AlterRoleSetStmt *>(node);
        warn(change->setstmt, "role", change->role != nullptr ? get_rolespec_name(change->role) : "ALL");
    } else if (IsA(node, AlterDatabaseSetStmt)) {
        const auto *change = reinterpret_cast<const AlterDatabaseSetStmt *>(node);
        if (get_database_oid(change->dbname, true) == MyDatabaseId)
            warn(change->setstmt, "database", change->dbname);
    }
}

} // namespace

void init_preload() { pg::on_utility({T_AlterRoleSetStmt, T_AlterDatabaseSetStmt}, utility); }

} // namespace gdpr::install
