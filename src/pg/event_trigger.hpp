// What an event trigger is told.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "commands/event_trigger.h"
}
