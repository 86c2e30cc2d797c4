// Encrypted constants outside of tables' rows.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::rotate {

struct Pin {
    std::uint32_t key;
    std::string kind;
    std::string object;
};

/// Those sealed under other keys than the active one.
std::vector<Pin> pins();

} // namespace gdpr::rotate
