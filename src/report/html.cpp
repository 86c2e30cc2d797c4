// gdpr.report_html(): one page for the officer and the authority, in one file.
#include "label/label.hpp"
#include "mail/template.hpp"
#include "pg/pg.hpp"
#include "report/drawing.hpp"
#include "subject/graph.hpp"
#include "work/step.hpp"

namespace gdpr::report {

namespace {

std::string html(const std::string &text) { return mail::escaped(text, mail::Escape::html); }

/// A section that is one query: its columns are the table's, in words.
struct Section {
    const char *title;
    const char *sql;
    const char *empty; // what stands there instead
};

constexpr Section before_map[] = {
    {"Controller",
     "SELECT name AS \"Name\", contact AS \"Contact\", representative AS \"Representative\","
     " protection_officer AS \"Data protection officer\", supervisory_authority AS \"Supervisory authority\" FROM gdpr.controller",
     "Nobody is named yet."},
    {"Records of processing (Art. 30)",
     "SELECT name AS \"Purpose\", description AS \"What for\", basis AS \"Lawful basis\", retention AS \"Kept for\","
     " array_to_string(recipients, ', ') AS \"Recipients\", array_to_string(transfers, ', ') AS \"Transfers\","
     " automated_decisions AS \"Automated decisions\" FROM gdpr.purpose ORDER BY name",
     "No purpose is recorded yet."}};

constexpr Section after_map[] = {
    {"Open requests",
     "SELECT id AS \"Request\", kind AS \"For\", state AS \"State\", gdpr.local_date(received_at) AS \"Received\","
     " gdpr.local_date(due_at) AS \"Due\", days_left AS \"Days left\", assignee AS \"Assigned to\" FROM gdpr.request_queue"
     " ORDER BY due_at, id LIMIT 1000",
     "None."},
    {"Requests by year",
     "SELECT year AS \"Year\", kind AS \"For\", requests AS \"Requests\", open AS \"Open\", fulfilled AS \"Fulfilled\","
     " refused AS \"Refused\", extended AS \"Extended\", median_days AS \"Median days\", late AS \"Late\""
     " FROM gdpr.request_statistics ORDER BY year DESC, kind",
     "None."},
    {"Register of breaches (Art. 33(5))",
     "SELECT r.id AS \"Breach\", r.description AS \"Nature\", date_trunc('second', r.aware_at) AS \"Aware\", r.risk AS \"Risk\","
     " c.hours_left AS \"Hours left\", date_trunc('second', r.authority_at) AS \"Authority notified\", r.delay_reason AS \"Reasons for delay\","
     " r.subjects_told AS \"People told\", r.no_notice_reason AS \"Why not\", r.consequences AS \"Consequences\","
     " r.measures AS \"Measures\", date_trunc('second', r.closed_at) AS \"Closed\""
     " FROM gdpr.breach_register r LEFT JOIN gdpr.breach_clock c USING (id) ORDER BY r.aware_at DESC, r.id",
     "None."},
    {"Consent",
     "SELECT purpose AS \"Purpose\", count(*) FILTER (WHERE given) AS \"Given\", count(*) FILTER (WHERE NOT given) AS \"Withdrawn\","
     " date_trunc('second', max(at)) AS \"Last\" FROM gdpr.consent_event GROUP BY purpose ORDER BY purpose",
     "None was recorded."},
    {"Erasures",
     "SELECT to_char(at, 'YYYY-MM') AS \"Month\", subject_table AS \"People of\", count(*) AS \"Forgotten\" FROM gdpr.erasure"
     " GROUP BY 1, 2 ORDER BY 1 DESC, 2 LIMIT 120",
     "None."},
    {"Restrictions in force",
     "SELECT kind AS \"Why\", subject_table AS \"People of\", count(*) AS \"People\" FROM gdpr.restriction"
     " WHERE until IS NULL OR until > now() GROUP BY 1, 2 ORDER BY 1, 2",
     "None."},
    {"Advice",
     "SELECT severity AS \"Severity\", object AS \"Of\", finding AS \"Finding\", remedy AS \"Remedy\" FROM gdpr.advice",
     "None."}};

void add_table(std::string &page, const Section &section) {
    const pg::PinnedFormats formats;
    pg::Spi spi;
    const pg::Rows rows = spi.run(section.sql);
    if (rows.empty()) {
        page += "<p>" + html(section.empty) + "</p>\n";
        return;
    }
    const int columns = rows.descriptor()->natts;
    page += "<div class=\"wide\"><table>\n<thead><tr>";
    for (int column = 0; column < columns; column++)
        page += "<th scope=\"col\">" + html(NameStr(TupleDescAttr(rows.descriptor(), column)->attname)) + "</th>";
    page += "</tr></thead>\n<tbody>\n";
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        page += "<tr>";
        for (int column = 1; column <= columns; column++) {
            const std::string value = rows.text_or(row, column);
            const bool severe = value == "critical" || value == "warning" || value == "overdue";
            page += (severe ? "<td class=\"" + value + "\">" : "<td>") + html(value) + "</td>";
        }
        page += "</tr>\n";
    }
    page += "</tbody></table></div>\n";
}

void add_section(std::string &page, const char *title, const std::function<void(std::string &)> &body) {
    page += "<section>\n<h2>" + html(title) + "</h2>\n";
    std::string part;
    if (const auto failure = work::step([&] { body(part); }))
        part = "<p>It could not be told: " + html(failure->text) + "</p>\n";
    page += part + "</section>\n";
}

/// "personal: a, b, …" in lines that keep a box narrow.
void add_category(std::vector<std::string> &lines, Oid relation, label::ColumnLabel::Class wanted, const char *word) {
    constexpr std::size_t widest = 40;
    std::string line = std::string(word) + ":";
    bool any = false;
    for (const label::LabelledColumn &column : label::of(relation).columns) {
        if (column.label.data_class != wanted)
            continue;
        if (any)
            line += ",";
        if (any && line.size() + column.name.size() > widest)
            lines.push_back(std::exchange(line, " "));
        line += " " + column.name;
        any = true;
    }
    if (any)
        lines.push_back(line);
}

std::vector<std::string> categories(Oid relation) {
    std::vector<std::string> lines;
    add_category(lines, relation, label::ColumnLabel::Class::personal, "personal");
    add_category(lines, relation, label::ColumnLabel::Class::sensitive, "sensitive");
    return lines;
}

void add_map(std::string &page) {
    using Kind = subject::Step::Kind;
    std::map<std::string, Box> boxes;
    std::map<std::string, Arrow> arrows; // each once
    const auto add = [&](Oid relation, Box::Look look) {
        const std::string name = pg::relation_name(relation);
        Box box{name, look, categories(relation)};
        boxes.emplace(name, std::move(box));
    };
    const auto point = [&](const subject::Hop &hop, bool dashed) {
        std::string columns;
        for (const std::string &column : hop.edge.child_columns)
            columns += (columns.empty() ? "" : ", ") + column;
        Arrow arrow{pg::relation_name(hop.edge.child), pg::relation_name(hop.edge.parent), columns, dashed,
                    hop.reversed()};
        std::string key = arrow.from + "\n" + arrow.to + "\n" + columns;
        arrows.emplace(std::move(key), std::move(arrow));
    };
    for (const subject::Node &node : subject::nodes())
        if (node.subject)
            add(node.id, Box::Look::subject);
    for (const subject::Node &node : subject::nodes()) {
        if (!node.subject)
            continue;
        const subject::Walk walk = subject::graph().walk(node.id);
        for (const subject::Undecided &each : walk.undecided) {
            add(each.node, Box::Look::undecided);
            for (const subject::Hop &hop : each.hops)
                point(hop, true);
        }
        for (const subject::Step &step : walk.steps) {
            add(step.node, step.kind == Kind::accessed ? Box::Look::accessed : Box::Look::owned);
            for (const subject::Hop &hop : step.hops)
                point(hop, step.kind == Kind::accessed);
        }
    }
    if (boxes.empty()) {
        page += "<p>No table is labelled subject yet.</p>\n";
        return;
    }
    std::vector<Box> all;
    for (auto &[name, box] : boxes)
        all.push_back(std::move(box));
    std::vector<Arrow> drawn;
    for (auto &[name, arrow] : arrows)
        drawn.push_back(std::move(arrow));
    page += "<p>Dark: people. Dashed: rows of others that tell of them. Red: not decided whose. Arrows are keys.</p>\n"
            "<div class=\"wide\">" +
            drawing(all, drawn, "Relations with people's data, and the keys between them") + "</div>\n";
}

constexpr const char *head =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Data protection report</title>\n<style>\n"
    "body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 2em auto; max-width: 80em; padding: 0 1em }\n"
    "h1 { font-size: 1.6em; margin: 0 } h2 { font-size: 1.2em; margin: 2em 0 .5em; border-bottom: 1px solid #999 }\n"
    ".wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }\n"
    "th, td { text-align: left; vertical-align: top; padding: .3em .6em; border-bottom: 1px solid #ccc; overflow-wrap: break-word; white-space: pre-line }\n"
    "th { background: #eef1f4 } .critical, .overdue { color: #a4001d; font-weight: bold } .warning { color: #7a4b00; font-weight: bold }\n"
    "svg { font: 12px ui-monospace, monospace } svg path { fill: none; stroke: #555 } svg marker path { fill: #555; stroke: none }\n"
    "svg rect { fill: #fff; stroke: #555 } svg .name { font-weight: bold } svg .subject rect { fill: #1d3d5c } svg .subject text { fill: #fff }\n"
    "svg .accessed rect { stroke-dasharray: 5 3 } svg .undecided rect { stroke: #a4001d; stroke-width: 2 }\n"
    "@media print { body { margin: 0; max-width: none } section { break-inside: avoid-page } }\n"
    "</style>\n</head>\n<body>\n";

} // namespace

} // namespace gdpr::report

using namespace gdpr;

GDPR_FUNCTION(gdpr_report_html) {
    if (!pg::is_member_of("gdpr_auditor") && !pg::is_member_of("gdpr_admin"))
        pg::require_role("gdpr_officer", "read the report");
    std::string page = report::head;
    std::string made = "this database";
    (void)work::step([&] {
        const pg::PinnedFormats formats;
        pg::Spi spi;
        made = spi.run("SELECT 'Database ' || current_database() || ', ' || date_trunc('second', now())", {}, true)
                   .text_or(0, 1);
    });
    page += "<header><h1>Data protection report</h1><p>" + report::html(made) + "</p></header>\n<main>\n";
    for (const report::Section &section : report::before_map)
        report::add_section(page, section.title, [&](std::string &part) { report::add_table(part, section); });
    report::add_section(page, "Where people's data lies", report::add_map);
    for (const report::Section &section : report::after_map)
        report::add_section(page, section.title, [&](std::string &part) { report::add_table(part, section); });
    return pg::text_datum(page + "</main>\n</body>\n</html>\n");
}
