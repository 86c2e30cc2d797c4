// Files sealed for whom they are: OpenPGP, by pgcrypto.
#pragma once

#include "pg/spi.hpp"

namespace gdpr::rights {

class Seal {
  public:
    /// With a key or a passphrase, text both, or with neither: then files stay as they are. Raises at once where the
    /// key is none that pgcrypto can use. Nothing is copied; the arguments must live as long.
    Seal(std::optional<Datum> public_key, std::optional<Datum> passphrase);

    bool seals() const noexcept { return OidIsValid(function_); }
    /// What a file's name gets at its end.
    const char *extension() const noexcept { return seals() ? ".pgp" : ""; }
    /// The content to hand out, in the current memory context.
    pg::Param operator()(const pg::Param &content) const;

  private:
    Oid function_ = InvalidOid;
    Datum key_ = 0;
    Datum options_ = 0;
};

} // namespace gdpr::rights
