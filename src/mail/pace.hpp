#pragma once

// How fast one domain is written to. Pure C++; times in microseconds.

#include <cstdint>
#include <map>
#include <string>

namespace gdpr::mail {

class Pace {
  public:
    /// So many mails a minute to one domain, 0 without limit; and how long a domain is left alone that defers mail
    /// after mail.
    Pace(int rate, std::int64_t pause) : rate_(rate), pause_(pause) {}

    /// When a mail to this domain may go: now, or later. The place is then taken.
    std::int64_t slot(const std::string &domain, std::int64_t now);

    /// What became of the mail.
    void deferred(const std::string &domain, std::int64_t now);
    void answered(const std::string &domain);

  private:
    struct Domain {
        std::int64_t next = 0, paused_until = 0;
        int deferred = 0; // one after the other
    };
    int rate_;
    std::int64_t pause_;
    std::map<std::string, Domain> domains_;
};

} // namespace gdpr::mail
