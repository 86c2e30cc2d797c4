// The wall, whole.
#pragma once

#include "pg/catalog.hpp"
#include "pg/cursor.hpp"
#include "pg/error.hpp"
#include "pg/formats.hpp"
#include "pg/invalidation.hpp"
#include "pg/lookup.hpp"
#include "pg/memory.hpp"
#include "pg/object_access.hpp"
#include "pg/result.hpp"
#include "pg/scan.hpp"
#include "pg/snapshot.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/transaction.hpp"
#include "pg/utility.hpp"
