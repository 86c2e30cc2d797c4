// What PL/pgSQL tells plugins of itself.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "plpgsql.h"
}
