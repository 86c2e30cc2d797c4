// The jobs that rooms added, as this room knows them.
#pragma once

#include "work/work.hpp"

namespace gdpr::work {

struct Entry {
    Job job;    // or null:
    int period; // seconds
    LongJob long_job;
};

std::map<std::string, Entry> &jobs();

void init_worker();

} // namespace gdpr::work
