#include "form/token.hpp"

#include "key/key.hpp"
#include "key/secret_text.hpp"
#include "pg/pg.hpp"

namespace gdpr::form {

namespace {

constexpr std::size_t most_token = 128; // what is longer is none, and costs no more to refuse
constexpr std::int64_t tick = 100;      // milliseconds that each wrong token adds to the line
constexpr std::int64_t longest = 20;    // ticks that anyone waits

std::string_view word(Use use) {
    switch (use) {
    case Use::consent:
        return "consent";
    case Use::optin:
        return "optin";
    case Use::portal:
        return "portal";
    case Use::address:
        break;
    }
    return "address";
}

/// The letter that a token begins with tells the application which page to show. It proves nothing.
char letter(Use use) { return word(use)[0]; }

std::string base64url(cipher::Bytes bytes) {
    constexpr const char *digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const std::uint8_t byte : bytes) {
        bits = bits << 8 | byte;
        for (count += 8; count >= 6; count -= 6)
            out += digits[bits >> (count - 6) & 63];
    }
    if (count > 0)
        out += digits[bits << (6 - count) & 63];
    return out;
}

cipher::Digest hash_of(Use use, std::string_view token, const cipher::Key &key) {
    return cipher::hmac_sha256(key, cipher::bytes("token " + std::string(word(use)) + '\0' + std::string(token)));
}

std::int64_t selector(const cipher::Digest &hash) {
    std::int64_t out;
    std::memcpy(&out, hash.data(), sizeof out);
    return out;
}

std::string_view as_text(const cipher::Digest &digest) {
    return {reinterpret_cast<const char *>(digest.data()), digest.size()};
}

/// How many ticks a wrong token waits now: a bucket that leaks, kept in a sequence, which no rollback takes back.
std::int64_t place_in_line() {
    const pg::OwnerScope scope(pg::gdpr_relation("token"));
    pg::Spi spi;
    const std::int64_t now =
        spi.run("SELECT pg_catalog.floor(extract(epoch FROM pg_catalog.clock_timestamp()) * 1000 / $1)::bigint",
                {pg::param(tick)})
            .number(0, 1);
    const std::int64_t place = spi.run("SELECT pg_catalog.nextval('gdpr.token_refusal')").number(0, 1);
    const std::int64_t kept = std::clamp(place, now, now + longest);
    if (kept != place)
        (void)spi.run("SELECT pg_catalog.setval('gdpr.token_refusal', $1)", {pg::param(kept)});
    return kept - now;
}

} // namespace

std::string issue(Use use, std::int64_t reference, const std::optional<subject::Subject> &person, TimestampTz expires,
                  const std::optional<std::string> &changes) {
    const cipher::Key secret = cipher::Key::random();
    const std::string token = letter(use) + base64url(secret);
    const key::Loaded &key = key::active(key::Use::pending);
    const cipher::Digest hash = hash_of(use, token, key.secret);
    const pg::OwnerScope scope(pg::gdpr_relation("token"));
    pg::Spi spi;
    (void)spi.run("INSERT INTO gdpr.token (use, key_id, selector, hash, reference, subject_table, key, expires_at,"
                  " changes) VALUES ($1, $2, $3, $4, nullif($5, 0), $6, $7, $8, $9::pg_catalog.jsonb)",
                  {pg::param(word(use)), pg::param(static_cast<std::int64_t>(key.id)), pg::param(selector(hash)),
                   pg::param_bytes(as_text(hash)), pg::param(reference),
                   person ? pg::param_oid(person->table) : pg::null_param(REGCLASSOID),
                   pg::param_or_null(person ? std::optional(person->key) : std::nullopt),
                   pg::param(TIMESTAMPTZOID, TimestampTzGetDatum(expires)), pg::param_or_null(changes)});
    return token;
}

Ticket present(Use use, std::string_view token) {
    const std::string_view asked = token.substr(0, most_token);
    std::optional<Ticket> found;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("token"));
        pg::Spi spi;
        // A token that a restore brought along was hashed under another key.
        for (std::int64_t last = -1;;) {
            const pg::Rows next = spi.run("SELECT min(key_id) FROM gdpr.token WHERE key_id > $1", {pg::param(last)});
            if (!next.datum(0, 1))
                break;
            last = next.number(0, 1);
            const cipher::Digest hash = hash_of(use, asked, key::find(static_cast<std::uint32_t>(last)).secret);
            const pg::Rows rows =
                spi.run("SELECT id, coalesce(reference, 0), subject_table, key::text, used_at IS NOT NULL, hash,"
                        " use = $3 AND expires_at > pg_catalog.clock_timestamp()"
                        " FROM gdpr.token WHERE key_id = $1 AND selector = $2",
                        {pg::param(last), pg::param(selector(hash)), pg::param(word(use))});
            for (std::uint64_t row = 0; row < rows.size(); row++) {
                const std::string stored = pg::to_string(*rows.datum(row, 6));
                const bool same = cipher::equal(hash, cipher::bytes(stored));
                if (!same || !rows.boolean(row, 7))
                    continue;
                found = Ticket{rows.number(row, 1), rows.number(row, 2), std::nullopt, rows.boolean(row, 5)};
                if (const auto key = rows.text(row, 4))
                    found->person = subject::Subject{rows.oid(row, 3), *key};
            }
        }
    }
    if (!found || token.size() > most_token)
        refuse();
    return *found;
}

void spend(const Ticket &ticket) {
    bool spent = false;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("token"));
        pg::Spi spi;
        spent = spi.run("UPDATE gdpr.token SET used_at = pg_catalog.now() WHERE id = $1 AND used_at IS NULL",
                        {pg::param(ticket.id)})
                    .processed() == 1;
    }
    if (!spent)
        refuse();
}

void wait_in_line() {
    const std::int64_t ticks = XactReadOnly ? longest : place_in_line();
    pg::call(
        [&] { (void)DirectFunctionCall1(pg_sleep, Float8GetDatum(static_cast<double>((ticks + 1) * tick) / 1000)); });
}

void refuse() {
    wait_in_line();
    pg::raise(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, "this link is not valid",
              "It was used, or its time is over, or it never was one.", "Ask for a new one.");
}

std::string pending_hash(std::string_view kind, std::string_view value) {
    const cipher::Digest hash = key::mac(key::Use::pending, std::string(kind) + '\0' + std::string(value));
    return std::string(as_text(hash));
}

} // namespace gdpr::form
