#pragma once

// How fast one domain is written to. Pure C++; times in microseconds.

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

namespace gdpr::mail {

class Pace {
  public:
    Pace() = default; // without limit

    /// So many mails a minute to one domain, 0 without limit; and how long a domain is left alone that defers mail
    /// after mail.
    Pace(int rate, std::int64_t pause) : rate_(rate), pause_(pause) {}

    /// When a mail to this domain may go: now, and then it goes; or later, each at a place of its own in the line,
    /// where it asks again.
    std::int64_t slot(const std::string &domain, std::int64_t now);

    /// What became of the mail.
    void deferred(const std::string &domain, std::int64_t now);
    void answered(const std::string &domain);

    /// Is it of this rate and pause?
    bool is(int rate, std::int64_t pause) const { return rate == rate_ && pause == pause_; }

  private:
    struct Domain {
        std::int64_t next = 0; // not sooner may one go
        std::int64_t last = 0; // the next place at the end of the line
        std::int64_t paused_until = 0;
        int deferred = 0; // one after the other
        bool idle(std::int64_t now) const { return std::max({next, last, paused_until}) <= now && deferred == 0; }
    };
    int rate_ = 0;
    std::int64_t pause_ = 0;
    std::map<std::string, Domain> domains_;
};

} // namespace gdpr::mail
