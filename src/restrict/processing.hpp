// For what this session processes data, and on which ground it may see restricted people.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::restriction {

/// What decides, beside the person, whether their data may be processed.
struct Processing {
    std::string purpose;     // empty: none in particular
    bool restricted = false; // of restricted people too, on a ground of Art. 18(2)

    bool operator==(const Processing &) const = default;
};

/// What the role may do in this session now. Raises where the session's purpose is unknown, and where a role that the
/// statement runs for is tied to other purposes. Needs refresh().
Processing processing(Oid role);

/// What processing() answers, as long as neither the role, the session's settings nor the people change; nothing where
/// it takes more, such as memberships. Without errors. Needs refresh().
std::optional<Processing> plain_processing(Oid role);

/// The same for a purpose in particular, and no ground. Raises where there is no such purpose.
Processing processing_for(const std::string &purpose);

/// Is consent the lawful basis of the purpose? Raises where there is no such purpose.
bool by_consent(const std::string &purpose);

/// Is the purpose direct marketing (Art. 21(2))? Raises where there is no such purpose.
bool direct_marketing(const std::string &purpose);

/// Are decisions made for the purpose without a human (Art. 22)? Raises where there is no such purpose.
bool decides_alone(const std::string &purpose);

/// Whose restricted people what runs now reaches.
enum class Reach {
    by_role,
    nobody, // whatever the role, the ground and the session's purpose: what is done by itself
    all     // a right is exercised, whoever has it done
};

/// While one lives, that is so.
class Reaching {
  public:
    explicit Reaching(Reach reach) noexcept;
    ~Reaching();
    Reaching(const Reaching &) = delete;
    Reaching &operator=(const Reaching &) = delete;

  private:
    Reach outer_;
};

/// May rows of restricted people be changed by what runs now as this role?
bool may_change(Oid role);

/// Superusers, and members of gdpr_officer.
bool is_officer(Oid role);

/// Superusers, and officers who have stated a ground of Art. 18(2).
bool sees_restricted(Oid role);

/// Grows with every change of the settings gdpr.purpose and gdpr.ground.
std::uint64_t settings_version() noexcept;

void init_processing();

} // namespace gdpr::restriction
