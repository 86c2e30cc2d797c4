#pragma once

// A mail as it goes over the wire: RFC 5322, MIME, UTF-8. Pure C++. Whatever stands in a name, a subject or an address,
// it adds no header and no recipient.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gdpr::mail {

struct Attachment {
    std::string name;
    std::string type; // such as text/csv; charset=utf-8
    std::string content;
};

/// A name, which may be empty, and an address.
struct Mailbox {
    std::string name;
    std::string address;
};

struct Mail {
    Mailbox from;
    Mailbox to;
    std::string subject;
    std::string message_id; // with its angle brackets
    std::string date;       // as RFC 5322 writes it
    std::string text;
    std::optional<std::string> html;
    std::vector<Attachment> attachments;
};

/// Is it an address that may be given to a mail server: local@domain, bare, and nothing that could be more than one?
bool is_address(std::string_view text);

/// Of "Name <local@domain>" or "local@domain"; nothing where the address is none.
std::optional<Mailbox> mailbox(std::string_view text);

/// The domain of an address, in lower case as far as it is ASCII.
std::string domain_of(std::string_view address);

/// "Name: value" in lines of at most 78 bytes, with encoded words where need be; ends with a line break.
std::string header(std::string_view name, std::string_view value);

std::string base64_lines(std::string_view bytes);
std::string quoted_printable(std::string_view text);

/// The whole mail, its lines ended by CR LF. The addresses must be some.
std::string mime(const Mail &mail);

} // namespace gdpr::mail
