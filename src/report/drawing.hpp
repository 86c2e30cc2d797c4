#pragma once

// The data map drawn: boxes in columns, people on the left, what hangs on them to the right. Pure C++; the output is
// SVG.

#include <string>
#include <vector>

namespace gdpr::report {

struct Box {
    enum class Look { subject, owned, accessed, undecided };
    std::string name; // unique
    Look look = Look::owned;
    std::vector<std::string> lines; // below the name
};

/// From the relation that has the key to the one it points to.
struct Arrow {
    std::string from, to, label;
    bool dashed = false;
    bool reversed = false; // what it points to hangs on the one that has the key
};

/// One svg element, every text escaped. An arrow of an unknown box is left out.
std::string drawing(const std::vector<Box> &boxes, const std::vector<Arrow> &arrows, const std::string &title);

} // namespace gdpr::report
