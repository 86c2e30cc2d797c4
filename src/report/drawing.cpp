#include "report/drawing.hpp"

#include "mail/template.hpp"

#include <algorithm>
#include <map>

namespace gdpr::report {

namespace {

constexpr int letter = 8, line_height = 15, padding = 8, gap_x = 110, gap_y = 18, margin = 12;

struct Place {
    const Box *box = nullptr;
    int layer = -1, x = 0, y = 0, width = 0, height = 0;
    double wish = 0; // how far down it would like to be
};
using Places = std::map<std::string, Place>;

std::string text(const std::string &value) { return mail::escaped(value, mail::Escape::html); }

/// Characters, not bytes.
int length(const std::string &utf8) {
    return static_cast<int>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// People are in column 0, all else one column right of what it hangs on.
void find_layers(Places &places, const std::vector<Arrow> &arrows) {
    for (auto &[name, place] : places)
        if (place.box->look == Box::Look::subject)
            place.layer = 0;
    for (bool changed = true; changed;) {
        changed = false;
        for (const Arrow &arrow : arrows) {
            const auto upper = places.find(arrow.reversed ? arrow.from : arrow.to);
            const auto lower = places.find(arrow.reversed ? arrow.to : arrow.from);
            if (upper == places.end() || lower == places.end() || upper->second.layer < 0 || lower->second.layer >= 0)
                continue;
            lower->second.layer = upper->second.layer + 1;
            changed = true;
        }
    }
    for (auto &[name, place] : places)
        place.layer = std::max(place.layer, 0);
}

/// Each column's boxes one below the other, near what they hang on.
std::pair<int, int> lay_out(Places &places, const std::vector<Arrow> &arrows) {
    int layers = 0, x = margin, bottom = 0;
    for (auto &[name, place] : places) {
        layers = std::max(layers, place.layer + 1);
        int longest = length(name);
        for (const std::string &line : place.box->lines)
            longest = std::max(longest, length(line));
        place.width = longest * letter + 2 * padding;
        place.height = static_cast<int>(place.box->lines.size() + 1) * line_height + 2 * padding;
    }
    for (int layer = 0; layer < layers; layer++) {
        std::vector<Place *> column;
        for (auto &[name, place] : places) {
            if (place.layer != layer)
                continue;
            int uppers = 0;
            for (const Arrow &arrow : arrows) {
                const std::string &lower = arrow.reversed ? arrow.to : arrow.from;
                const auto upper = places.find(arrow.reversed ? arrow.from : arrow.to);
                if (lower == name && upper != places.end() && upper->second.layer < layer) {
                    place.wish += upper->second.y;
                    uppers++;
                }
            }
            place.wish /= std::max(uppers, 1);
            column.push_back(&place);
        }
        std::stable_sort(column.begin(), column.end(),
                         [](const Place *one, const Place *other) { return one->wish < other->wish; });
        int y = margin, widest = 0;
        for (Place *place : column) {
            place->x = x;
            place->y = y;
            y += place->height + gap_y;
            widest = std::max(widest, place->width);
        }
        bottom = std::max(bottom, y);
        x += widest + gap_x;
    }
    return {x - gap_x + margin, bottom - gap_y + margin};
}

std::string number(int value) { return std::to_string(value); }

/// Out of the side that faces the other box; within a column by a bow on the right.
std::string drawn(const Arrow &arrow, const Place &from, const Place &to) {
    const bool leftward = to.x < from.x, level = to.x == from.x;
    const int x1 = leftward ? from.x : from.x + from.width, y1 = from.y + from.height / 2;
    const int x2 = leftward || level ? to.x + to.width : to.x;
    const int y2 = to.y + to.height / 2 + (level ? padding : 0); // so that a key to itself makes a loop
    const int bow = level ? gap_x / 2 : gap_x / 3;
    const int c1 = leftward ? x1 - bow : x1 + bow, c2 = leftward || level ? x2 + bow : x2 - bow;
    return "<path d=\"M" + number(x1) + "," + number(y1) + " C" + number(c1) + "," + number(y1) + " " + number(c2) +
           "," + number(y2) + " " + number(x2) + "," + number(y2) + "\"" +
           (arrow.dashed ? " stroke-dasharray=\"5 3\"" : "") + " marker-end=\"url(#head)\"><title>" +
           text(arrow.from + " (" + arrow.label + ")") + " &#8594; " + text(arrow.to) + "</title></path>";
}

std::string drawn(const Place &place) {
    static constexpr const char *classes[] = {"subject", "owned", "accessed", "undecided"};
    std::string out = std::string("<g class=\"") + classes[static_cast<int>(place.box->look)] + "\"><rect x=\"" +
                      number(place.x) + "\" y=\"" + number(place.y) + "\" width=\"" + number(place.width) +
                      "\" height=\"" + number(place.height) + "\" rx=\"4\"/>";
    int y = place.y + padding + line_height - 4;
    const auto add = [&](const std::string &line, const char *style) {
        out += "<text x=\"" + number(place.x + padding) + "\" y=\"" + number(y) + "\"" + style + ">" + text(line) +
               "</text>";
        y += line_height;
    };
    add(place.box->name, " class=\"name\"");
    for (const std::string &line : place.box->lines)
        add(line, "");
    return out + "</g>";
}

} // namespace

std::string drawing(const std::vector<Box> &boxes, const std::vector<Arrow> &arrows, const std::string &title) {
    Places places;
    for (const Box &box : boxes)
        places[box.name].box = &box;
    find_layers(places, arrows);
    const auto [width, height] = lay_out(places, arrows);
    std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"" + text(title) +
                      "\" width=\"" + number(width) + "\" height=\"" + number(height) + "\" viewBox=\"0 0 " +
                      number(width) + " " + number(height) +
                      "\"><defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\""
                      " markerHeight=\"7\" orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 z\"/></marker></defs>";
    for (const Arrow &arrow : arrows) {
        const auto from = places.find(arrow.from), to = places.find(arrow.to);
        if (from != places.end() && to != places.end())
            out += "\n" + drawn(arrow, from->second, to->second);
    }
    for (const auto &[name, place] : places)
        out += "\n" + drawn(place);
    return out + "\n</svg>";
}

} // namespace gdpr::report
