#include "mail/smtp.hpp"

#include "cipher/cipher.hpp"
#include "key/descriptor.hpp"
#include "pg/pg.hpp"

#include <curl/curl.h>
#include <netdb.h>
#include <sys/stat.h>

namespace gdpr::mail {

namespace {

using Kind = Outcome::Kind;

constexpr long connect_timeout = 30;        // seconds
constexpr TimestampTz answer_patience = 10; // seconds
constexpr std::size_t longest_password = 1024;

/// A secret, overwritten when it goes. libcurl keeps a copy of its own until the connection goes.
struct Secret {
    std::array<char, longest_password + 1> text{};
    ~Secret() { cipher::cleanse(text.data(), text.size()); }
};

void read_password(const std::string &path, Secret &secret) {
    const auto refuse = [&](const char *why) {
        pg::raise(ERRCODE_CONFIG_FILE_ERROR, "could not use the file of gdpr.smtp_password_file", why,
                  "It holds the password in its first line, belongs to the server's user and has mode 0600.");
    };
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (file < 0 || fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        refuse("It could not be read.");
    if (status.st_uid != geteuid() || (status.st_mode & 077) != 0)
        refuse("Others than the server's user can read it.");
    const ssize_t got = read(file, secret.text.data(), longest_password);
    if (got <= 0)
        refuse("It is empty.");
    secret.text[static_cast<std::size_t>(got)] = '\0';
    secret.text[std::strcspn(secret.text.data(), "\r\n")] = '\0';
}

struct Url {
    std::string scheme, host, port;
};

Url parts_of(const std::string &text) {
    Url out;
    CURLU *url = curl_url();
    const auto get = [&](CURLUPart part, std::string &into, unsigned flags = 0) {
        char *value = nullptr;
        if (curl_url_get(url, part, &value, flags) == CURLUE_OK)
            into = value;
        curl_free(value);
    };
    if (curl_url_set(url, CURLUPART_URL, text.c_str(), 0) == CURLUE_OK) {
        get(CURLUPART_SCHEME, out.scheme);
        get(CURLUPART_HOST, out.host);
        get(CURLUPART_PORT, out.port, CURLU_DEFAULT_PORT);
    }
    curl_url_cleanup(url);
    return out;
}

bool loopback(const std::string &host) { return host == "localhost" || host == "[::1]" || host.starts_with("127."); }

/// The host's addresses, "host:port:address,…", so that libcurl does not start a thread to look them up: a backend has
/// one thread. Empty where there are none.
std::string resolved(const Url &url) {
    if (url.host.starts_with('['))
        return {};
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo *found = nullptr;
    std::string addresses;
    if (getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &found) != 0)
        return {};
    for (const addrinfo *each = found; each != nullptr; each = each->ai_next) {
        char text[NI_MAXHOST];
        if (getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
            addresses += (addresses.empty() ? "" : ",") + std::string(text);
    }
    freeaddrinfo(found);
    return addresses.empty() ? "" : url.host + ":" + url.port + ":" + addresses;
}

struct Reading {
    std::string_view left;
    TimestampTz patience = 0; // until when an interrupt waits for the server's answer
};

/// Whoever is interrupted before the whole mail is with the server sends it again. Afterwards the answer is awaited a
/// while, since without it nobody knows whether the server took the mail over.
int progress(void *argument, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    auto *reading = static_cast<Reading *>(argument);
    if (!QueryCancelPending && !ProcDiePending)
        return 0;
    if (!reading->left.empty())
        return 1;
    if (reading->patience == 0)
        reading->patience = GetCurrentTimestamp() + answer_patience * USECS_PER_SEC;
    return GetCurrentTimestamp() > reading->patience ? 1 : 0;
}

std::size_t give(char *buffer, std::size_t size, std::size_t count, void *argument) {
    auto *reading = static_cast<Reading *>(argument);
    const std::size_t length = std::min(size * count, reading->left.size());
    std::memcpy(buffer, reading->left.data(), length);
    reading->left.remove_prefix(length);
    return length;
}

/// Of the code of the last answer, 0 where there was none, and of what libcurl says went wrong.
Outcome judge(CURLcode code, long answer, std::string_view told) {
    const std::string with_answer = answer >= 400 ? " " + std::to_string(answer) : "";
    switch (code) {
    case CURLE_OK:
        return {Kind::sent, ""};
    case CURLE_ABORTED_BY_CALLBACK:
        return {Kind::interrupted, "interrupted"};
    case CURLE_COULDNT_RESOLVE_HOST:
        return {Kind::trouble, "the mail server is not found"};
    case CURLE_COULDNT_CONNECT:
        return {Kind::trouble, "no connection to the mail server"};
    case CURLE_USE_SSL_FAILED:
        return {Kind::trouble, "the mail server offers no TLS"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return {Kind::trouble, "the mail server's certificate is not trusted"};
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
        return {Kind::trouble, "TLS with the mail server failed"};
    case CURLE_LOGIN_DENIED:
        return {Kind::trouble, "the mail server does not know user or password"};
    default:
        break;
    }
    // Before it has heard of the mail's address, it is not about the mail; but 552 is about its size.
    const bool early = told.starts_with("MAIL failed") || told.find("unexpected smtp-server response") != told.npos;
    if (answer == 0 || answer == 421 || (early && answer != 552))
        return {Kind::trouble, "the mail server is not available" + with_answer};
    if (code == CURLE_OPERATION_TIMEDOUT)
        return {Kind::deferred, "timeout"};
    if (answer >= 500)
        return {Kind::rejected, "rejected" + with_answer};
    if (answer >= 400)
        return {Kind::deferred, "deferred" + with_answer};
    return {Kind::deferred, "the connection broke"};
}

} // namespace

struct Smtp::State {
    CURL *curl = nullptr;
    curl_slist *hosts = nullptr;
    bool resolved = false;
    std::array<char, CURL_ERROR_SIZE> told{};
    bool broken = false; // the connection; libcurl may take it for whole

    ~State() {
        curl_easy_cleanup(curl);
        curl_slist_free_all(hosts);
    }
};

Smtp::Smtp(const Settings &settings) : state_(new State) {
    static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = state_->curl = global == CURLE_OK ? curl_easy_init() : nullptr;
    if (curl == nullptr)
        pg::raise(ERRCODE_OUT_OF_MEMORY, "libcurl could not be started");
    const Url url = parts_of(settings.url);
    const bool local = loopback(url.host);
    const bool encrypted = url.scheme == "smtps" || settings.tls == Settings::Tls::require ||
                           (settings.tls == Settings::Tls::automatic && !local);
    curl_easy_setopt(curl, CURLOPT_URL, settings.url.c_str());
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, CURLPROTO_SMTP | CURLPROTO_SMTPS);
#endif
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, state_->told.data());
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(encrypted ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!settings.ca_file.empty()) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, settings.ca_file.c_str());
        curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
    }
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, std::min<long>(connect_timeout, settings.timeout));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(settings.timeout));
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    if (!settings.user.empty()) {
        if (!encrypted && !local)
            pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the password would go over an open line",
                      "gdpr.smtp_tls is off.", "Set gdpr.smtp_tls to require, or gdpr.smtp_user to nothing.");
        Secret password;
        if (!settings.password_file.empty())
            read_password(settings.password_file, password);
        curl_easy_setopt(curl, CURLOPT_USERNAME, settings.user.c_str());
        curl_easy_setopt(curl, CURLOPT_PASSWORD, password.text.data());
    }
    if (const std::string hosts = resolved(url); !hosts.empty()) {
        state_->hosts = curl_slist_append(nullptr, hosts.c_str());
        curl_easy_setopt(curl, CURLOPT_RESOLVE, state_->hosts);
        state_->resolved = true;
    } else {
        state_->resolved = url.host.starts_with('[');
    }
}

Smtp::~Smtp() = default;

Outcome Smtp::send(const std::string &from, const std::string &to, const std::string &bytes) {
    if (!state_->resolved)
        return judge(CURLE_COULDNT_RESOLVE_HOST, 0, "");
    CURL *curl = state_->curl;
    Reading reading{bytes};
    curl_slist *recipients = curl_slist_append(nullptr, ("<" + to + ">").c_str());
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, ("<" + from + ">").c_str());
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(curl, CURLOPT_READDATA, &reading);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &reading);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(bytes.size()));
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, state_->broken ? 1L : 0L);
    state_->told[0] = '\0';
    const CURLcode code = curl_easy_perform(curl);
    long answer = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
    state_->broken = code != CURLE_OK && answer < 400;
    curl_slist_free_all(recipients);
    return judge(code, answer, state_->told.data());
}

} // namespace gdpr::mail
