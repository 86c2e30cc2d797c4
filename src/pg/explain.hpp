// EXPLAIN's headers, which few files need.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "commands/explain.h"
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif
#include "executor/instrument.h"
#include "portability/instr_time.h"
}
