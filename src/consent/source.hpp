// Where the data of this session comes from: as gdpr.set_source says, or as the session itself tells.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::consent {

struct Source {
    std::string kind;
    std::optional<std::string> name;
    std::optional<std::string> address;
    std::optional<std::int64_t> line; // of a file: as was said, or counted by the COPY

    /// Were the data not obtained from the person, so that they are to be told (Art. 14)?
    bool from_others() const { return kind == "import" || kind == "api" || kind == "integration"; }
};

/// Raises where a source of this kind has no such line; 0: none.
void check_line(const std::string &kind, int line);

bool is_kind_of_source(std::string_view word);
extern const char *const kinds_of_source_detail;

/// For a row that this command of the transaction stored; `counts` where rows come in the order of the file.
Source current_source(CommandId command, bool counts);

void init_source();

} // namespace gdpr::consent
