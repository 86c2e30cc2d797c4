#include "cipher/gcm.hpp"

#ifdef POSTGRES_H
#error "this file is pure C++"
#endif

#ifdef GDPR_IPSEC_MB

#include <intel-ipsec-mb.h>

namespace gdpr::cipher {

namespace {

/// The library's functions for this processor; null where it has no AES of its own, or they fail their self-test. Found
/// once; lives as long as the process, and holds nothing secret.
const IMB_MGR *functions() noexcept {
    static const IMB_MGR *const found = []() -> const IMB_MGR * {
        IMB_MGR *manager = alloc_mb_mgr(0);
        if (manager == nullptr)
            return nullptr;
        init_mb_mgr_auto(manager, nullptr);
        constexpr std::uint64_t wanted =
            IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ | IMB_FEATURE_SAFE_DATA | IMB_FEATURE_SELF_TEST_PASS;
        if (imb_get_errno(manager) == 0 && (manager->features & wanted) == wanted)
            return manager;
        free_mb_mgr(manager);
        return nullptr;
    }();
    return found;
}

class IpsecGcm : public Gcm {
  public:
    IpsecGcm(const IMB_MGR &library, const Key &key) : library_(library) {
        IMB_AES256_GCM_PRE(&library_, key.data(), &key_);
    }

    ~IpsecGcm() override { cleanse(&key_, sizeof key_); }

    bool seal(Bytes nonce, Bytes associated, Bytes plain, std::uint8_t *out) noexcept override {
        IMB_AES256_GCM_ENC(&library_, &key_, &state_, out, plain.data(), plain.size(), nonce.data(), associated.data(),
                           associated.size(), out + plain.size(), tag_size);
        cleanse(&state_, sizeof state_); // there is key stream in it
        return true;
    }

    bool open(Bytes nonce, Bytes associated, Bytes sealed, std::uint8_t *out) noexcept override {
        const Bytes hidden = sealed.first(sealed.size() - tag_size);
        std::array<std::uint8_t, tag_size> tag;
        IMB_AES256_GCM_DEC(&library_, &key_, &state_, out, hidden.data(), hidden.size(), nonce.data(),
                           associated.data(), associated.size(), tag.data(), tag_size);
        cleanse(&state_, sizeof state_);
        return equal(tag, sealed.last(tag_size));
    }

  private:
    const IMB_MGR &library_;
    alignas(64) gcm_key_data key_{};
    alignas(64) gcm_context_data state_{};
};

} // namespace

void prepare() noexcept { (void)functions(); }

std::unique_ptr<Gcm> ipsec_gcm(const Key &key) {
    const IMB_MGR *library = functions();
    return library == nullptr ? nullptr : std::make_unique<IpsecGcm>(*library, key);
}

} // namespace gdpr::cipher

#else

namespace gdpr::cipher {

void prepare() noexcept {}

std::unique_ptr<Gcm> ipsec_gcm(const Key &) { return nullptr; }

} // namespace gdpr::cipher

#endif
