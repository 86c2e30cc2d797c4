// PostgreSQL's headers about planning and about catalogs that few files need; the rest enter by postgres.hpp.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "catalog/heap.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_index.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_statistic_ext.h"
#include "nodes/pathnodes.h"
#include "optimizer/plancat.h"
#include "rewrite/rewriteManip.h"
#include "utils/ruleutils.h"
#include "utils/selfuncs.h"
}
