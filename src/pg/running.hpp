// What it takes to run as a process of one's own.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "access/heapam.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/portal.h"
#include "utils/wait_event.h"
}
