#include "encrypted/literal.hpp"

#include "encrypted/value.hpp"
#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

enum Output { output_auto, output_plain, output_cipher };

const config_enum_entry output_choices[] = {{"auto", output_auto, false},
                                            {"plain", output_plain, false},
                                            {"cipher", output_cipher, false},
                                            {nullptr, 0, false}};

int output = output_auto;
int plain_scopes = 0;

/// May this role see and load ciphertext? The answer is kept until roles or memberships change.
struct Trust {
    Oid user = InvalidOid;
    bool backup = false;   // superuser or gdpr_backup: may load and choose
    bool dumps = false;    // gdpr_backup itself: dumps ciphertext always
    bool bypasses = false; // superuser or BYPASSRLS: dumps ciphertext when it looks like a dump
} trust;

void roles_changed(Datum, int, uint32) { trust.user = InvalidOid; }

const Trust &trust_of_user() {
    const Oid user = GetUserId();
    if (trust.user == user)
        return trust;
    const Oid role = get_role_oid("gdpr_backup", true);
    Trust fresh;
    fresh.user = user;
    fresh.dumps = OidIsValid(role) && is_member_of_role_nosuper(user, role);
    fresh.bypasses = superuser() || has_bypassrls_privilege(user);
    fresh.backup = superuser() || fresh.dumps;
    trust = fresh;
    return trust;
}

bool check_output(int *value, void **, GucSource source) {
    // In a transaction the role can be asked; elsewhere (connection start) the setting is checked at each use.
    if (*value == output_auto || source < PGC_S_SESSION || !IsTransactionState() || trust_of_user().backup)
        return true;
    GUC_check_errcode(ERRCODE_INSUFFICIENT_PRIVILEGE);
    GUC_check_errmsg("permission denied to set parameter \"gdpr.output\"");
    GUC_check_errhint("Only a superuser or a member of gdpr_backup may choose between plaintext and ciphertext.");
    return false;
}

pg::AtTransactionEnd end_of_transaction([](XactEvent) { plain_scopes = 0; });

[[noreturn]] void malformed() {
    ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), errmsg("malformed ciphertext literal"),
                    errdetail("After \"%.*s\" the value must be base64.", static_cast<int>(literal_prefix.size()),
                              literal_prefix.data())));
    pg_unreachable();
}

} // namespace

void refuse_literal(std::string_view plaintext) {
    if (!is_literal(plaintext))
        return;
    ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
                    errmsg("value begins with the prefix of a ciphertext literal"),
                    errdetail("Text that begins with \"%.*s\" cannot be stored in an encrypted column.",
                              static_cast<int>(literal_prefix.size()), literal_prefix.data()),
                    errhint("To load a dump, use a superuser or a member of gdpr_backup.")));
}

bool output_is_ciphertext() {
    if (plain_scopes > 0 || output == output_plain)
        return false;
    const Trust &user = trust_of_user();
    if (output == output_cipher)
        return user.backup;
    return user.dumps ||
           (user.bypasses &&
            (!row_security || (application_name != nullptr && std::strcmp(application_name, "pg_dump") == 0)));
}

char *to_literal(Datum sealed) {
    const auto *value = reinterpret_cast<struct varlena *>(PG_DETOAST_DATUM_PACKED(sealed));
    const cipher::Bytes bytes(reinterpret_cast<const std::uint8_t *>(VARDATA_ANY(value)), VARSIZE_ANY_EXHDR(value));
    const std::size_t length = literal_length(bytes.size());
    auto *text = static_cast<char *>(palloc(length + 1));
    encode_literal(bytes, {text, length + 1});
    return text;
}

Datum from_literal(const EncryptedType &type, const char *literal) {
    if (!trust_of_user().backup)
        refuse_literal(literal);
    const std::size_t room = literal_room(literal);
    auto *sealed = static_cast<struct varlena *>(palloc(VARHDRSZ + room));
    const auto size = decode_literal(literal, {reinterpret_cast<std::uint8_t *>(VARDATA(sealed)), room});
    if (!size)
        malformed();
    SET_VARSIZE(sealed, VARHDRSZ + *size);

    // Whoever holds the keys may have sealed anything: the plaintext must be one the type itself would receive.
    Opened opened(type, PointerGetDatum(sealed));
    bytea *wire = SendFunctionCall(&type.send, opened.value());
    StringInfoData buffer;
    initStringInfo(&buffer);
    appendBinaryStringInfo(&buffer, VARDATA(wire), static_cast<int>(VARSIZE(wire) - VARHDRSZ));
    (void)ReceiveFunctionCall(&type.receive, &buffer, type.element_argument, -1);
    opened.release();
    return PointerGetDatum(sealed);
}

PlainOutput::PlainOutput() noexcept {
    end_of_transaction.arm();
    plain_scopes++;
}

PlainOutput::~PlainOutput() {
    if (plain_scopes > 0)
        plain_scopes--;
}

void init_literals() {
    DefineCustomEnumVariable("gdpr.output", "How encrypted values are written out.",
                             "auto: ciphertext literals to gdpr_backup and to dumps, plaintext to everyone else. "
                             "plain and cipher force either, for superusers and gdpr_backup.",
                             &output, output_auto, output_choices, PGC_USERSET, 0, check_output, nullptr, nullptr);
    CacheRegisterSyscacheCallback(AUTHOID, roles_changed, 0);
    CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, roles_changed, 0);
}

} // namespace gdpr::encrypted
