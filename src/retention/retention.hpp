// Retention: what has had its time goes.
#pragma once

namespace gdpr::retention {

void init();

} // namespace gdpr::retention
