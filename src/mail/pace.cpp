#include "mail/pace.hpp"

#include <algorithm>

namespace gdpr::mail {

namespace {

constexpr std::int64_t minute = 60'000'000;
constexpr int enough = 5;             // deferrals one after the other
constexpr std::size_t most = 100'000; // domains; then those of which nothing is to be known are forgotten

} // namespace

std::int64_t Pace::slot(const std::string &domain, std::int64_t now) {
    if (domains_.size() >= most)
        std::erase_if(domains_, [&](const auto &each) { return each.second.idle(now); });
    Domain &known = domains_[domain];
    const std::int64_t step = rate_ > 0 ? minute / rate_ : 0;
    const std::int64_t free = std::max(known.next, known.paused_until);
    if (free <= now) {
        known.next = now + step;
        known.last = std::max(known.last, known.next);
        return now;
    }
    const std::int64_t place = std::max(known.last, free);
    known.last = place + step;
    return place;
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
