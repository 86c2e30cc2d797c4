// Rows of gdpr.request, and of its history.
#pragma once

#include "pg/spi.hpp"
#include "subject/graph.hpp"

namespace gdpr::request {

struct Request {
    std::int64_t id = 0;
    std::string kind, way, state;
    std::optional<subject::Subject> subject; // whose row is there
    std::optional<std::string> contact, details;
    bool verified = false, paused = false, extended = false, released = false, overdue = false;
};

/// The request, locked until the transaction ends, so that two officers act one after the other. Raises where there is
/// none, and where it is closed.
Request locked(std::int64_t id);

/// Changes the columns of a request that `assignments` names; its own parameters begin with $2.
void change(const Request &request, const std::string &assignments, const std::vector<pg::Param> &params = {});

/// What was done, for the history.
void record_event(std::int64_t request, std::string_view event, const std::optional<std::string> &note = std::nullopt);

/// A member of the request's details; none where it has none of that name.
std::optional<std::string> detail(const Request &request, const char *name);

/// Queues a mail to whoever asks, by the template of that name: at the address of their row once it is known who they
/// are, else where they said; `fields` are added to its merge fields. Of who cannot be reached by mail, none. Returns
/// its number.
std::optional<std::int64_t> tell(const Request &request, const std::string &template_name,
                                 const std::map<std::string, std::string> &fields = {},
                                 const std::string &attachment = {});

/// Is the text a mail address, and nothing else?
bool is_address(const std::string &text);

/// The rows of whoever asks, by all of which rights are exercised, locked: requests of one person come one by one. The
/// row they are named by alone, where its labels join more than can be one person: they are to be answered all the
/// same.
std::vector<subject::Subject> lock_asker(const subject::Subject &subject);

/// The same of the person that the request is of, if there is one: before the request itself, as erasure does.
std::vector<subject::Subject> lock_person_of(std::int64_t id);

/// Officers alone; the request that the first argument names, locked.
Request request_argument(FunctionCallInfo fcinfo, const char *doing);

/// A text argument that must say something.
std::string words(FunctionCallInfo fcinfo, int argument, const char *name);

void init_escalation();

} // namespace gdpr::request
