#include "request/history.hpp"

#include "pg/pg.hpp"

namespace gdpr::history {

void change(const std::string &table, std::int64_t id, const std::string &assignments,
            const std::vector<pg::Param> &params) {
    std::vector<pg::Param> all{pg::param(id)};
    all.insert(all.end(), params.begin(), params.end());
    const pg::OwnerScope scope(pg::gdpr_relation(table.c_str()));
    pg::Spi spi;
    (void)spi.run("UPDATE gdpr." + table + " SET " + assignments + " WHERE id = $1", all);
}

void record(const std::string &table, std::int64_t id, std::string_view event, const std::optional<std::string> &note) {
    const std::string history = table + "_event";
    const pg::OwnerScope scope(pg::gdpr_relation(history.c_str()));
    pg::Spi spi;
    (void)spi.run("INSERT INTO gdpr." + history + " (" + table + ", event, note) VALUES ($1, $2, $3)",
                  {pg::param(id), pg::param(event), pg::param_or_null(note)});
}

std::string words(FunctionCallInfo fcinfo, int argument, const char *name, const char *why) {
    std::string given;
    if (!PG_ARGISNULL(argument))
        given = pg::to_string(PG_GETARG_DATUM(argument));
    if (given.find_first_not_of(" \t\r\n") == std::string::npos)
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, std::string("the ") + name + " is empty", "", why);
    return given;
}

} // namespace gdpr::history
