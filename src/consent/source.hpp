// Where the data of this session comes from: as gdpr.set_source says, or as the session itself tells.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::consent {

struct Source {
    std::string kind;
    std::optional<std::string> name;
    std::optional<std::string> address;
};

Source current_source();

void init_source();

} // namespace gdpr::consent
