// Sending what is queued.
#pragma once

namespace gdpr::mail {

void init_drain();

} // namespace gdpr::mail
