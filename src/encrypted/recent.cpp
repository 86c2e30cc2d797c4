#include "encrypted/recent.hpp"

#include "cipher/cipher.hpp"
#include "encrypted/format.hpp"
#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

struct alignas(64) Slot {
    std::uint8_t header[header_size], tag[cipher::tag_size];
    std::uint8_t size;
    bool used;
    Oid plain;
    std::uint8_t plaintext[longest_recent];
};

// A megabyte of memory that is touched as it is used. The place of a value is a part of its nonce.
constexpr std::size_t slots = 8192;
Slot table[slots];
std::uint16_t used[slots];
std::size_t used_count = 0;
Slot hashed;

Slot *slot_of(const SealedId &id) noexcept {
    std::uint16_t place;
    std::memcpy(&place, id.header + nonce_at, sizeof place);
    return &table[place % slots];
}

void forget(XactEvent event) {
    if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PARALLEL_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
        return;
    for (std::size_t i = 0; i < used_count; i++)
        cipher::cleanse(&table[used[i]], sizeof(Slot));
    used_count = 0;
    cipher::cleanse(&hashed, sizeof hashed);
}

pg::AtTransactionEnd at_end(forget);

bool holds(const Slot &slot, const SealedId &id) noexcept {
    return slot.used && slot.plain == id.plain && slot.size == id.size &&
           std::memcmp(slot.header, id.header, header_size) == 0 &&
           std::memcmp(slot.tag, id.tag, cipher::tag_size) == 0;
}

void put(Slot *slot, const SealedId &id, const std::uint8_t *plaintext) noexcept {
    at_end.arm();
    std::memcpy(slot->header, id.header, header_size);
    std::memcpy(slot->tag, id.tag, cipher::tag_size);
    slot->size = static_cast<std::uint8_t>(id.size);
    slot->used = true;
    slot->plain = id.plain;
    std::memcpy(slot->plaintext, plaintext, id.size);
}

} // namespace

const std::uint8_t *find_hashed(const SealedId &id) noexcept { return holds(hashed, id) ? hashed.plaintext : nullptr; }

const std::uint8_t *find_recent(const SealedId &id) noexcept {
    if (const std::uint8_t *plaintext = find_hashed(id))
        return plaintext;
    const Slot *slot = slot_of(id);
    return holds(*slot, id) ? slot->plaintext : nullptr;
}

void remember(const SealedId &id, const std::uint8_t *plaintext) noexcept {
    Slot *slot = slot_of(id);
    if (!slot->used)
        used[used_count++] = static_cast<std::uint16_t>(slot - table);
    put(slot, id, plaintext);
}

void remember_hashed(const SealedId &id, const std::uint8_t *plaintext) noexcept { put(&hashed, id, plaintext); }

} // namespace gdpr::encrypted
