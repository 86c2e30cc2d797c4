// The table of contents: one call a room.
#include "apply/action.hpp"
#include "audit/audit.hpp"
#include "breach/breach.hpp"
#include "consent/consent.hpp"
#include "encrypted/encrypted.hpp"
#include "form/form.hpp"
#include "gate/gate.hpp"
#include "install/install.hpp"
#include "journal/journal.hpp"
#include "key/key.hpp"
#include "label/label.hpp"
#include "mail/outbox.hpp"
#include "pg/pg.hpp"
#include "request/request.hpp"
#include "restrict/restriction.hpp"
#include "retention/retention.hpp"
#include "rights/rights.hpp"
#include "subject/graph.hpp"
#include "wire/wire.hpp"
#include "work/work.hpp"

extern "C" {
PG_MODULE_MAGIC;
PGDLLEXPORT void _PG_init(void);
}

void _PG_init(void) {
    gdpr::pg::boundary([] {
        gdpr::pg::call([] { gdpr::pg::init_transactions(); });
        gdpr::key::init();
        gdpr::encrypted::init();
        gdpr::label::init();
        gdpr::wire::init();
        gdpr::subject::init();
        gdpr::audit::init();
        gdpr::restriction::init();
        gdpr::consent::init();
        gdpr::mail::init();
        gdpr::journal::init();
        gdpr::rights::init();
        gdpr::request::init();
        gdpr::retention::init();
        gdpr::form::init();
        gdpr::breach::init();
        gdpr::apply::init();
        gdpr::work::init();
        gdpr::install::init();
        gdpr::gate::init(); // the last: what the other rooms' planners see has been gated
        gdpr::pg::call([] { MarkGUCPrefixReserved("gdpr"); });
    });
}
