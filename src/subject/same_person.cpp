#include "subject/same_person.hpp"

#include "encrypted/type.hpp"
#include "label/label.hpp"
#include "pg/equality.hpp"
#include "pg/pg.hpp"
#include "subject/normalised.hpp"
#include "subject/owner.hpp"

namespace gdpr::subject {

namespace {

/// A placeholder that many rows have in the place of an identifier is nobody's: it must not make one person of them.
constexpr std::size_t most_rows = 100;
constexpr int most_rounds = 10;

/// A column with the word.
struct Column {
    std::string name;
    std::string label;     // the name in its label
    std::string value;     // its normalised form, as SQL over a row t
    std::string condition; // the rows with that form $1, written as an index has it
};

/// A subject table that has such columns.
struct Table {
    Oid relation = InvalidOid;
    std::string shape; // the columns of the primary key in their places, then the values of the columns
    int places = 0;    // how many columns come before the values
    std::vector<Column> columns;
};

Table read_table(Oid relation, const label::Labels &labels) {
    Table table;
    table.relation = relation;
    for (const label::LabelledColumn &each : labels.columns) {
        if (!each.label.same_person || !tells_same_person(relation, each.number))
            continue;
        const auto form = indexed_form(relation, each.number);
        const std::string value = normalised_form(relation, each.name, "t.");
        table.columns.push_back(
            {each.name, *each.label.same_person, value,
             (form && form->sealed ? "gdpr.sealed(" + value + ")" : value) + " OPERATOR(pg_catalog.=) $1"});
    }
    std::map<AttrNumber, std::string> key;
    for (const pg::Column &column : pg::primary_key(relation))
        key[column.number] = "t." + pg::quote(column.name);
    if (key.empty())
        table.columns.clear(); // nobody of it can be named
    for (AttrNumber number = 1; !key.empty() && number <= key.rbegin()->first; number++, table.places++)
        table.shape += (number > 1 ? ", " : "") + (key.contains(number) ? key.at(number) : "NULL");
    for (const Column &each : table.columns)
        table.shape += ", " + each.value;
    return table;
}

/// The subject tables that have such columns, by name; read once for each state of the graph.
const std::vector<Table> &tables() {
    static auto *known = new std::vector<Table>;
    static std::uint64_t known_generation = 0;
    const std::uint64_t now = generation();
    if (known_generation == now)
        return *known;
    std::vector<Table> fresh;
    for (const Node &node : nodes())
        if (node.subject)
            if (Table table = read_table(node.id, label::of(node.id)); !table.columns.empty())
                fresh.push_back(std::move(table));
    *known = std::move(fresh);
    known_generation = now; // what changes while we read is read again
    return *known;
}

const Table *table_of(Oid relation) {
    const std::vector<Table> &all = tables();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Table &each) { return each.relation == relation; });
    return found == all.end() ? nullptr : &*found;
}

/// The search from one row to all that are the same person.
class Search {
  public:
    explicit Search(const Subject &named) : named_(named) {}
    std::vector<Subject> run();
    std::set<Mark> &marks() noexcept { return marks_; }

  private:
    void read(const Table &table, const std::string &condition, const std::vector<pg::Param> &params);
    void find_named(const Table &table);

    const Subject &named_;
    std::map<std::pair<std::string, std::string>, Subject> found_; // by the table's name and the key
    std::set<Mark> marks_;
    std::vector<Mark> fresh_;
};

void Search::read(const Table &table, const std::string &condition, const std::vector<pg::Param> &params) {
    const std::string name = pg::relation_name(table.relation);
    const pg::OwnerScope scope(table.relation);
    pg::Spi spi;
    // One row more than there may be tells that there are too many.
    const pg::Rows rows = spi.run_again("SELECT " + table.shape + " FROM " + name + " AS t WHERE " + condition +
                                            " LIMIT " + std::to_string(most_rows + 1),
                                        params);
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const auto key = row_key(table.relation, rows.tuple(row), rows.descriptor());
        if (!key || !found_.try_emplace({name, *key}, Subject{table.relation, *key}).second)
            continue;
        if (found_.size() > most_rows)
            pg::raise(ERRCODE_PROGRAM_LIMIT_EXCEEDED, "more rows would be one person than one person can have",
                      "Columns labelled same_person join more than " + std::to_string(most_rows) +
                          " rows, among them rows of " + name + ".",
                      "Set placeholders to null, or take the word off columns whose values people share.");
        for (std::size_t i = 0; i < table.columns.size(); i++)
            if (const std::string value = rows.text_or(row, table.places + static_cast<int>(i) + 1); !value.empty())
                if (Mark mark{table.columns[i].label, value}; marks_.insert(mark).second)
                    fresh_.push_back(std::move(mark));
    }
}

void Search::find_named(const Table &table) {
    std::vector<pg::Param> params;
    std::string condition;
    const std::vector<Datum> values = key_values(named_);
    for (const pg::Column &column : pg::primary_key(table.relation)) {
        const Oid type = encrypted::travelling_type(column.type);
        params.push_back(pg::param(type, values[params.size()]));
        condition += (condition.empty() ? "t." : " AND t.") + pg::quote(column.name) + " " +
                     pg::equals(column.type, type) + " $" + std::to_string(params.size());
    }
    read(table, condition, params);
}

std::vector<Subject> Search::run() {
    find_named(*table_of(named_.table));
    while (!fresh_.empty()) {
        const Mark mark = fresh_.back();
        fresh_.pop_back();
        for (const Table &table : tables())
            for (const Column &column : table.columns)
                if (column.label == mark.first)
                    read(table, column.condition, {pg::param(mark.second)});
    }
    std::vector<Subject> out{named_};
    for (const auto &[name, subject] : found_)
        if (subject != named_)
            out.push_back(subject);
    return out;
}

} // namespace

std::vector<Joint> joints() {
    std::vector<Joint> out;
    for (const Table &table : tables())
        for (const Column &column : table.columns)
            for (const Table &other : tables())
                for (const Column &match : other.columns)
                    if (match.label == column.label)
                        out.push_back({table.relation, other.relation, column.name, match.name});
    return out;
}

std::vector<std::pair<Oid, std::string>> marked_columns(const std::string &label) {
    std::vector<std::pair<Oid, std::string>> out;
    for (const Table &table : tables())
        for (const Column &column : table.columns)
            if (column.label == label)
                out.emplace_back(table.relation, column.name);
    return out;
}

std::vector<Subject> same_person(const Subject &subject, std::set<Mark> *marks) {
    if (OneRow::wanted() || table_of(subject.table) == nullptr)
        return {subject};
    Search search(subject);
    std::vector<Subject> found = search.run();
    if (marks != nullptr)
        *marks = std::move(search.marks());
    return found;
}

std::vector<Subject> same_person(const Subject &subject) { return same_person(subject, nullptr); }

std::vector<Subject> lock_same_person(const Subject &subject, Lock lock) {
    if (OneRow::wanted() || table_of(subject.table) == nullptr)
        return {subject};
    std::vector<Subject> found = same_person(subject);
    std::set<Subject> locked;
    for (int round = 0; round < most_rounds; round++) {
        for (const Subject &each : std::set<Subject>(found.begin(), found.end()))
            if (locked.insert(each).second)
                (void)lock_person(each, lock);
        // Who was waited for may have changed whose rows these are.
        std::vector<Subject> again = same_person(subject);
        if (std::all_of(again.begin(), again.end(), [&](const Subject &each) { return locked.contains(each); }))
            return again;
        found = std::move(again);
    }
    pg::raise(ERRCODE_T_R_SERIALIZATION_FAILURE, "rows of this person keep appearing", "", "Try again.");
}

} // namespace gdpr::subject
