// Values sealed and opened; format.hpp says what their bytes are.
// These functions run per value: they hold no C++ objects and raise as PostgreSQL does.
#pragma once

#include "encrypted/format.hpp"
#include "encrypted/type.hpp"

namespace gdpr::encrypted {

/// How many values this process has decrypted, planning aside, which looks at statistics.
inline std::uint64_t values_opened = 0;

/// Seals a plain datum under the active data key.
Datum seal(const EncryptedType &type, Datum plain);

/// Seals a datum that was computed from the value opened last, so that computing it again gives the same ciphertext:
/// of one row the same, of another row's equal value a different one. Where none was opened since, as seal.
Datum seal_of_row(const EncryptedType &type, Datum plain);

/// Opens an encrypted datum; the result is palloc'd unless it is passed by value.
Datum open(const EncryptedType &type, Datum sealed);

/// Is a value likely to be asked for again, as those that are compared are? A hashed one is compared next, if at all.
enum class Use { again, hashed, once };

/// Opens for a comparison: small values stay on the stack.
class Opened {
  public:
    Opened(const EncryptedType &type, Datum sealed, Use use = Use::again);
    Opened(const Opened &) = delete; // the value may lie inside
    Datum value() const noexcept { return value_; }
    /// Frees what was allocated; a longjmp past it loses nothing that the memory context does not free.
    void release() noexcept;

  private:
    alignas(8) char small_[256];
    void *detoasted_ = nullptr;
    void *large_ = nullptr;
    Datum value_;
};

/// The collation of the order by bytes; raises where the column's own takes different bytes for equal.
Oid collation_for_bytes(Oid collation);

/// Was it compressed before it was sealed? Reads no more of it than its header.
bool is_compressed(Datum sealed);

/// Opens a value of a type that is passed by reference, and was not compressed, into memory that has opened_size bytes,
/// aligned.
std::size_t opened_size(const EncryptedType &type, Datum sealed);
Datum open_at(const EncryptedType &type, Datum sealed, char *place);

/// The id of the key that a value was sealed with; reads no more of it than its header.
std::uint32_t key_of(Datum sealed);

/// The same value, sealed under the active data key.
Datum reseal(const EncryptedType &type, Datum sealed);

} // namespace gdpr::encrypted
