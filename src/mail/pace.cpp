#include "mail/pace.hpp"

#include <algorithm>

namespace gdpr::mail {

namespace {

constexpr std::int64_t minute = 60'000'000;
constexpr int enough = 5; // deferrals one after the other

} // namespace

std::int64_t Pace::slot(const std::string &domain, std::int64_t now) {
    Domain &known = domains_[domain];
    const std::int64_t at = std::max({now, known.next, known.paused_until});
    if (rate_ > 0)
        known.next = at + minute / rate_;
    return at;
}

void Pace::deferred(const std::string &domain, std::int64_t now) {
    Domain &known = domains_[domain];
    if (++known.deferred < enough)
        return;
    known.deferred = 0;
    known.paused_until = now + pause_;
}

void Pace::answered(const std::string &domain) { domains_[domain].deferred = 0; }

} // namespace gdpr::mail
