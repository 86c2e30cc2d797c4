// The ciphertext literal: how a dump carries an encrypted value as text, and who may write and read one.
#pragma once

#include "encrypted/literal_text.hpp"
#include "encrypted/type.hpp"

namespace gdpr::encrypted {

/// Raises where plaintext poses as a literal.
void refuse_literal(std::string_view plaintext);

/// True when this session's output is ciphertext: see the setting gdpr.output.
bool output_is_ciphertext();

/// The literal of a value, palloc'd.
char *to_literal(Datum sealed);

/// The value of a literal: its form is checked, its tag, and that its plaintext is one the type would take.
/// Raises unless the current user is a superuser or in gdpr_backup.
Datum from_literal(const EncryptedType &type, const char *literal);

/// While one lives, output functions give plaintext: for the extension's own use of them.
class PlainOutput {
  public:
    PlainOutput() noexcept;
    ~PlainOutput();
    PlainOutput(const PlainOutput &) = delete;
    PlainOutput &operator=(const PlainOutput &) = delete;
};

/// Is an input function called by the parser, for a literal of a statement? Ask before the call is given an fn_extra.
bool is_parsing(const FmgrInfo *call);

/// What the parser makes of a literal: the same ciphertext wherever it stands in the statement.
Datum seal_literal(const EncryptedType &type, char *text, int32 modifier);

void init_literals();

} // namespace gdpr::encrypted
