// The catalogs of statistics, which few files need.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "catalog/index.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_statistic_ext_data.h"
}
