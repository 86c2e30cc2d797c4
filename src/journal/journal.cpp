#include "journal/journal.hpp"

#include "consent/consent.hpp"
#include "journal/context.hpp"
#include "journal/person.hpp"
#include "rights/blocklist.hpp"

namespace gdpr::journal {

namespace {

char *journal_file = nullptr;

/// What this transaction will write when it commits.
struct Pending {
    Entry entry;
    SubTransactionId subtransaction;
};
std::vector<Pending> *pending = nullptr;
// What was written, until its transaction ends; with all that is needed to say how it ended.
std::vector<Id> *written = nullptr;
File *file_written = nullptr;
const key::Loaded *key_written = nullptr;

const Id *replayed = nullptr;

std::vector<Record> records_of(Record::Kind kind, const std::vector<Id> &ids) {
    std::vector<Record> records;
    for (const Id &id : ids) {
        Record &made = records.emplace_back();
        made.kind = kind;
        made.entry.id = id;
    }
    return records;
}

/// The intents, before the transaction can commit: what cannot be written is not done.
void write_intents() {
    if (pending == nullptr || pending->empty())
        return;
    std::vector<Record> records;
    for (const Pending &each : *pending)
        records.push_back({Record::Kind::intent, each.entry});
    key_written = &key::active(key::Use::journal);
    *file_written = File(path());
    for (const Pending &each : *pending)
        written->push_back(each.entry.id);
    try {
        file_written->append(records, key_written->id, key_written->secret);
    } catch (const FileError &error) {
        written->clear();
        raise(error);
    }
    pending->clear();
}

/// How it ended. The transaction is over, so a failure is only told; the entry then stays unconfirmed.
void write_outcome(Record::Kind kind) noexcept {
    if (written == nullptr || written->empty())
        return;
    bool failed = false;
    try {
        // The next act syncs it. What a crash of the machine loses of it, gdpr.journal_entry knows.
        file_written->append(records_of(kind, *written), key_written->id, key_written->secret, false);
    } catch (...) {
        failed = true;
    }
    written->clear();
    if (failed)
        ereport(WARNING, (errmsg("the journal was not told that the transaction ended"),
                          errdetail("What it did stays unconfirmed there."),
                          errhint("See the server's file system; gdpr.journal_questions() confirms it later.")));
}

void transaction_ended(XactEvent event) {
    switch (event) {
    case XACT_EVENT_PRE_COMMIT:
    case XACT_EVENT_PRE_PREPARE:
        pg::boundary([] { write_intents(); });
        break;
    case XACT_EVENT_COMMIT:
        write_outcome(Record::Kind::confirmed);
        break;
    case XACT_EVENT_ABORT:
        if (pending != nullptr)
            pending->clear();
        write_outcome(Record::Kind::aborted);
        break;
    case XACT_EVENT_PREPARE:
        // Another session decides; gdpr.journal_entry will tell.
        if (written != nullptr)
            written->clear();
        break;
    default:
        break;
    }
}

pg::AtTransactionEnd at_end(transaction_ended);

void subtransaction_ended(SubXactEvent event, SubTransactionId own, SubTransactionId parent, void *) {
    if (pending == nullptr)
        return;
    if (event == SUBXACT_EVENT_ABORT_SUB)
        std::erase_if(*pending, [&](const Pending &each) { return each.subtransaction == own; });
    else if (event == SUBXACT_EVENT_COMMIT_SUB)
        for (Pending &each : *pending)
            if (each.subtransaction == own)
                each.subtransaction = parent;
}

void prepare() {
    if (pending != nullptr)
        return;
    written = new std::vector<Id>;
    file_written = new File("");
    pending = new std::vector<Pending>;
}

Id new_id() {
    return id_of(pg::to_string(pg::call([] {
        return CStringGetTextDatum(
            DatumGetCString(DirectFunctionCall1(uuid_out, DirectFunctionCall1(gen_random_uuid, 0))));
    })));
}

void hash_identifiers(const std::set<rights::Identifier> &identifiers, Entry &entry) {
    entry.normaliser = rights::normaliser;
    if (identifiers.empty())
        return;
    entry.identifier_key = key::active(key::Use::blocklist).id;
    for (const rights::Identifier &each : identifiers)
        if (!each.value.empty())
            entry.identifiers.push_back(
                {std::string(rights::to_string(each.kind)), rights::identifier_hash(each, entry.identifier_key)});
}

Id add(Entry &&entry) {
    prepare();
    at_end.arm();
    entry.id = new_id();
    entry.at = pg::call([] { return GetCurrentTimestamp(); });
    entry.lineage = lineage().front();
    entry.system = pg::call([] { return GetSystemIdentifier(); });
    entry.database = MyDatabaseId;
    (void)key::active(key::Use::journal); // made now, where a catalog can still be written
    enter(entry.id);
    with_file([](const File &file) { file.check(); });
    const Id id = entry.id;
    pending->push_back({std::move(entry), pg::call([] { return GetCurrentSubTransactionId(); })});
    return id;
}

Entry entry_of(Act act, const subject::Subject &subject) {
    Entry entry;
    entry.act = act;
    entry.table = pg::relation_name(subject.table);
    entry.subject_key = key::active(key::Use::journal).id;
    entry.subject = subject_hash(subject);
    entry.born = consent::known_since(subject);
    entry.tracked = consent::watched(subject.table);
    return entry;
}

} // namespace

std::string path() {
    if (journal_file != nullptr && journal_file[0] != '\0')
        return journal_file;
    return key::keyring_path() + ".journal";
}

void raise(const FileError &error) {
    using Kind = FileError::Kind;
    const int state = error.kind == Kind::damaged                                     ? ERRCODE_CONFIG_FILE_ERROR
                      : error.kind == Kind::exposed || error.kind == Kind::unreadable ? ERRCODE_INSUFFICIENT_PRIVILEGE
                                                                                      : ERRCODE_IO_ERROR;
    pg::raise(state, error.reason,
              "What is done to people must be written there, so that a restore cannot undo it unnoticed.", error.hint);
}

void append(const std::vector<Record> &records) {
    const key::Loaded &key = key::active(key::Use::journal);
    with_file([&](const File &file) { file.append(records, key.id, key.secret); });
}

std::vector<Record> read() {
    return with_file([](const File &file) {
        return file.read([](std::uint32_t id) -> const cipher::Key & { return key::find(id).secret; });
    });
}

std::vector<Id> lineage() {
    const pg::OwnerScope scope(pg::gdpr_relation("lineage"));
    pg::Spi spi;
    std::vector<Id> ids;
    const pg::Rows rows = spi.run_again("SELECT id::text FROM gdpr.lineage ORDER BY made, id");
    for (std::uint64_t row = 0; row < rows.size(); row++)
        ids.push_back(id_of(rows.text_or(row, 1)));
    if (ids.empty())
        ids.push_back(id_of(spi.run_again("INSERT INTO gdpr.lineage DEFAULT VALUES RETURNING id::text").text_or(0, 1)));
    return ids;
}

Id id_of(std::string_view uuid) {
    Id id(uuid);
    std::erase(id, '-');
    return id;
}

pg::Param uuid_param(const Id &id) {
    return pg::param(UUIDOID, pg::call([&] { return DirectFunctionCall1(uuid_in, CStringGetDatum(id.c_str())); }));
}

void enter(const Id &id) {
    const pg::OwnerScope scope(pg::gdpr_relation("journal_entry"));
    pg::Spi spi;
    (void)spi.run_again("INSERT INTO gdpr.journal_entry (entry) VALUES ($1)", {uuid_param(id)});
}

cipher::Digest subject_hash(const subject::Subject &subject) {
    return subject_hash(key::active(key::Use::journal).id, pg::relation_name(subject.table), subject.key);
}

Id intend(Act act, const subject::Subject &subject, const std::set<rights::Identifier> &identifiers) {
    if (replayed != nullptr)
        return *replayed;
    Entry entry = entry_of(act, subject);
    hash_identifiers(identifiers, entry);
    return add(std::move(entry));
}

Id intend(Act act, const subject::Subject &subject, std::string_view purpose, std::optional<std::int64_t> until) {
    if (replayed != nullptr)
        return *replayed;
    Entry entry = entry_of(act, subject);
    hash_identifiers(own_identifiers(subject), entry);
    entry.purpose = purpose;
    entry.until = until;
    return add(std::move(entry));
}

Id intend_unblock(const rights::Identifier &identifier) {
    Entry entry;
    entry.act = Act::unblocking;
    hash_identifiers({identifier}, entry);
    return add(std::move(entry));
}

Replaying::Replaying(const Id &entry) { replayed = &entry; }

Replaying::~Replaying() { replayed = nullptr; }

void init() {
    DefineCustomStringVariable("gdpr.journal_file",
                               "Path of the file that tells a restored database whom to forget again.",
                               "Empty means the keyring's name followed by \".journal\", beside the keyring.",
                               &journal_file, "", PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
    RegisterSubXactCallback(subtransaction_ended, nullptr);
}

} // namespace gdpr::journal
