// AES-256-GCM under one key, by one of the libraries that can.
#pragma once

#include "cipher/cipher.hpp"

namespace gdpr::cipher {

/// As Aead, which sees to what is too short and to zeroing what was not authentic.
class Gcm {
  public:
    Gcm() = default;
    virtual ~Gcm() = default;
    Gcm(const Gcm &) = delete;
    Gcm &operator=(const Gcm &) = delete;

    virtual bool seal(Bytes nonce, Bytes associated, Bytes plain, std::uint8_t *out) noexcept = 0;
    virtual bool open(Bytes nonce, Bytes associated, Bytes sealed, std::uint8_t *out) noexcept = 0;
};

/// By OpenSSL, on every machine. Throws Failure.
std::unique_ptr<Gcm> openssl_gcm(const Key &key);

/// By Intel's library for IPsec packets, which are as short as most values: there OpenSSL spends three times the
/// cipher's time on its parameters. Null where it was not there to build with, or the processor has no AES of its own.
std::unique_ptr<Gcm> ipsec_gcm(const Key &key);

} // namespace gdpr::cipher
