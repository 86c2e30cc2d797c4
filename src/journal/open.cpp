#include "journal/open.hpp"

#include "consent/consent.hpp"
#include "journal/context.hpp"
#include "journal/journal.hpp"
#include "journal/person.hpp"
#include "rights/blocklist.hpp"

#include <unordered_map>

namespace gdpr::journal {

namespace {

using Kind = Record::Kind;

std::set<Id> in_force() {
    const pg::OwnerScope scope(pg::gdpr_relation("journal_entry"));
    pg::Spi spi;
    pg::Cursor cursor("SELECT entry::text FROM gdpr.journal_entry");
    std::set<Id> ids;
    for (pg::Rows rows = cursor.fetch(); !rows.empty(); rows = cursor.fetch())
        for (std::uint64_t row = 0; row < rows.size(); row++)
            ids.insert(id_of(rows.text_or(row, 1)));
    return ids;
}

/// An entry and the last word on it; intent where there is none.
struct Known {
    Entry entry;
    Kind word = Kind::intent;
    bool in_force = false;

    bool certain() const { return in_force || word == Kind::confirmed || word == Kind::yes; }
    bool dropped() const { return !in_force && (word == Kind::aborted || word == Kind::no); }
};

/// What concerns this database.
std::vector<Known> known_entries() {
    const std::vector<Id> names = lineage();
    std::set<Id> here = in_force();
    std::vector<Known> known;
    std::unordered_map<Id, std::size_t> places;
    for (const Record &record : read()) {
        if (record.kind == Kind::intent) {
            if (std::find(names.begin(), names.end(), record.entry.lineage) == names.end())
                continue;
            places.emplace(record.entry.id, known.size());
            known.push_back({record.entry, Kind::intent, here.erase(record.entry.id) > 0});
        } else if (const auto place = places.find(record.entry.id); place != places.end()) {
            Kind &word = known[place->second].word;
            if (word != Kind::confirmed) // an answer may have been given while it was still under way
                word = record.kind;
        }
    }
    if (const std::size_t missing = here.size(); missing > 0)
        pg::call([&] {
            ereport(WARNING, (errmsg("the journal lacks %zu acts that are in force in this database", missing),
                              errdetail("It is \"%s\".", path().c_str()),
                              errhint("Put the newest copy of the journal in place: what it lacks is not replayed.")));
        });
    return known;
}

/// A crash may have come between commit and confirmation.
void confirm_late(std::vector<Known> &known) {
    std::vector<Record> records;
    for (Known &each : known)
        if (each.in_force && each.word != Kind::confirmed) {
            each.word = Kind::confirmed;
            Record &made = records.emplace_back();
            made.kind = Kind::confirmed;
            made.entry.id = each.entry.id;
        }
    if (!records.empty() && !pg::call([] { return RecoveryInProgress(); }))
        append(records);
}

/// What an act is about: of one person and matter only the last word counts.
std::string matter(const Entry &entry) {
    const auto about = [&](const char *what) { return what + hex(entry.subject) + entry.table + ' ' + entry.purpose; };
    switch (entry.act) {
    case Act::restriction:
    case Act::restriction_lifted:
        return about("restriction");
    case Act::objection:
    case Act::objection_withdrawn:
        return about("objection");
    case Act::consent_given:
    case Act::consent_withdrawn:
        return about("consent");
    default:
        return {};
    }
}

bool takes_back(Act act) {
    return act == Act::restriction_lifted || act == Act::objection_withdrawn || act == Act::consent_given;
}

/// Where several databases of one cluster descend from the same one, each has people of its own.
bool of_another_database(const Entry &entry) {
    return entry.system == pg::call([] { return GetSystemIdentifier(); }) && entry.database != MyDatabaseId &&
           pg::call([&] { return get_database_name(entry.database) != nullptr; });
}

Oid subject_table(const std::string &name) {
    for (const subject::Node &node : subject::nodes())
        if (node.subject && pg::relation_name(node.id) == name)
            return node.id;
    return InvalidOid;
}

struct Hash {
    std::size_t operator()(const cipher::Digest &digest) const noexcept {
        std::size_t out = 0;
        std::memcpy(&out, digest.data(), sizeof out); // a MAC is as good as any hash
        return out;
    }
};
using Places = std::unordered_map<cipher::Digest, std::vector<std::size_t>, Hash>;

/// Looks for the people of some entries in their table.
class Search {
  public:
    Search(Oid table, std::vector<Open> &open) : table_(table), open_(open), watched_(consent::watched(table)) {
        for (std::size_t i = 0; i < open.size(); i++) {
            if (open[i].table != table)
                continue;
            const Entry &entry = open[i].entry;
            subject_keys_[entry.subject_key][entry.subject].push_back(i);
            for (const HashedIdentifier &each : entry.identifiers)
                identifier_keys_[entry.identifier_key][each.hash].push_back(i);
        }
        name_ = pg::relation_name(table);
    }

    void run() {
        each_person(table_, [&](const Person &person) { look(person); });
        for (Open &each : open_)
            if (each.table == table_)
                settle(each);
    }

  private:
    void look(const Person &person) {
        std::map<std::size_t, Candidate> candidates; // by entry
        for (const auto &[key, places] : subject_keys_)
            if (const auto hit = places.find(subject_hash(key, name_, person.key)); hit != places.end())
                for (const std::size_t i : hit->second)
                    candidates[i].same_key = true;
        for (const auto &[key, places] : identifier_keys_)
            for (const rights::Identifier &each : person.identifiers)
                if (const auto hit = places.find(rights::identifier_hash(each, key)); hit != places.end())
                    for (const std::size_t i : hit->second)
                        candidates[i].shared++;
        if (candidates.empty())
            return;
        const auto born = consent::known_since({table_, person.key});
        for (auto &[i, candidate] : candidates) {
            candidate.identifiers = person.identifiers.size();
            candidate.born = born;
            candidate.watched = watched_;
            if (const Verdict verdict = judge(open_[i].entry, candidate); verdict != Verdict::other)
                (candidate.same_key ? by_key_ : by_identifiers_)[i].push_back({person.key, verdict});
        }
    }

    /// Whoever has the key is the person; others are looked at where nobody has it.
    void settle(Open &open) {
        const auto place = static_cast<std::size_t>(&open - open_.data());
        open.found = std::move(by_key_[place]);
        if (open.found.empty())
            open.found = std::move(by_identifiers_[place]);
        if (open.found.size() > 1)
            for (Found &each : open.found)
                each.verdict = Verdict::ask;
    }

    Oid table_;
    std::string name_;
    std::vector<Open> &open_;
    bool watched_;
    std::map<std::uint32_t, Places> subject_keys_, identifier_keys_; // by the key of the hash
    std::map<std::size_t, std::vector<Found>> by_key_, by_identifiers_;
};

std::string question_of(const Known &known) {
    if (known.word == Kind::intent)
        return "The server stopped before it was written whether this was done. Was it?";
    if (of_another_database(known.entry))
        return "This was done in another database of this cluster, which has the same origin. Does it concern this one?";
    return {};
}

} // namespace

std::vector<IdentifierHash> erased_identifiers(const cipher::Digest &subject) {
    std::vector<IdentifierHash> hashes;
    for (const Known &each : known_entries())
        if (each.entry.act == Act::erasure && each.entry.subject == subject && each.certain())
            for (const HashedIdentifier &identifier : each.entry.identifiers)
                hashes.push_back({each.entry.identifier_key, identifier.hash});
    return hashes;
}

State state() {
    std::vector<Known> known = known_entries();
    confirm_late(known);
    State state;
    std::map<std::string, std::size_t> last;
    std::map<std::pair<std::uint32_t, cipher::Digest>, std::pair<std::size_t, std::size_t>> blocks;
    for (std::size_t i = 0; i < known.size(); i++) {
        const Known &each = known[i];
        if (!each.certain() || (of_another_database(each.entry) && !each.in_force && each.word != Kind::yes))
            continue;
        last[matter(each.entry)] = i;
        if (each.entry.act == Act::erasure || each.entry.act == Act::unblocking)
            for (std::size_t n = 0; n < each.entry.identifiers.size(); n++)
                blocks[{each.entry.identifier_key, each.entry.identifiers[n].hash}] = {i, n};
    }
    for (const auto &[hash, place] : blocks) {
        const Known &decided = known[place.first];
        if (decided.in_force)
            continue;
        Entry one = decided.entry;
        one.identifiers = {decided.entry.identifiers[place.second]};
        state.blocks.emplace_back(std::move(one), decided.entry.act == Act::erasure);
    }
    for (std::size_t i = 0; i < known.size(); i++) {
        const Known &each = known[i];
        if (each.in_force || each.dropped() || each.entry.act == Act::unblocking || takes_back(each.entry.act))
            continue;
        if (const std::string about = matter(each.entry); !about.empty())
            if (const auto decided = last.find(about); decided != last.end() && decided->second > i)
                continue;
        Open &made = state.open.emplace_back();
        made.entry = each.entry;
        made.answered = each.word == Kind::yes;
        if (!made.answered)
            made.question = question_of(each);
        made.table = subject_table(each.entry.table);
        if (!OidIsValid(made.table) && made.question.empty())
            made.question = "There is no subject table of this name here. Give it its old name, and replay.";
    }
    std::set<Oid> tables;
    for (const Open &each : state.open)
        if (OidIsValid(each.table))
            tables.insert(each.table);
    for (const Oid table : tables)
        Search(table, state.open).run();
    return state;
}

} // namespace gdpr::journal
