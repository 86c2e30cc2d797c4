// PostgreSQL's headers about dates, which few files need.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "utils/date.h"
#include "utils/datetime.h"
}
