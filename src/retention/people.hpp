// People whose time is over: erasures that a legal duty has put off, and withdrawn consent.
#pragma once

#include "pg/error.hpp"
#include "retention/rows.hpp"
#include "subject/graph.hpp"

namespace gdpr::retention {

/// May what raised this be left for the next time, and the rest be done? Not what the session itself must hear of.
bool may_pass_over(const pg::Error &error);

/// Forgets a person, in a subtransaction, without putting them on the blocklist: nobody asked for it. False where
/// something forbids it, such as a legal hold.
bool forget(const subject::Subject &subject, const std::string &reason);

/// People who were forgotten, and of whom a duty kept rows until now; a few at a time.
class FinishPass {
  public:
    bool step(Done &done);
    std::uint64_t refused() const noexcept { return refused_; }

  private:
    std::int64_t last_ = 0;
    std::uint64_t refused_ = 0;
};

/// People whose consent was withdrawn or has lapsed, and data that rested on it alone.
class WithdrawalPass {
  public:
    bool step(Done &done);
    std::uint64_t refused() const noexcept { return refused_; }

  private:
    std::int64_t last_ = 0;
    std::uint64_t refused_ = 0;
};

/// How many there are of either, by subject table.
std::map<Oid, std::uint64_t> count_to_finish();
std::map<Oid, std::uint64_t> count_withdrawn();

} // namespace gdpr::retention
