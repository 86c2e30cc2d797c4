#include "retention/withdrawal.hpp"

#include "audit/audit.hpp"
#include "consent/basis.hpp"
#include "consent/consenting.hpp"
#include "label/label.hpp"
#include "pg/pg.hpp"
#include "rights/erase_plan.hpp"
#include "subject/person.hpp"

namespace gdpr::retention {

namespace {

/// Which purposes can no longer justify that data of a person is held.
class Purposes {
  public:
    Purposes(const subject::Subject &subject, const std::string &withdrawn) : subject_(subject), withdrawn_(withdrawn) {
        const pg::OwnerScope scope(pg::gdpr_relation("purpose"));
        pg::Spi spi;
        const pg::Rows rows = spi.run("SELECT name FROM gdpr.purpose", {}, true);
        for (std::uint64_t row = 0; row < rows.size(); row++)
            known_.insert(rows.text_or(row, 1));
    }

    /// Do all of them rest on consent, and is there none, the withdrawn one being among them?
    bool over(const std::vector<std::string> &purposes) {
        return std::find(purposes.begin(), purposes.end(), withdrawn_) != purposes.end() &&
               std::all_of(purposes.begin(), purposes.end(), [&](const std::string &each) { return unfounded(each); });
    }

  private:
    bool unfounded(const std::string &purpose) {
        if (!known_.contains(purpose)) // nobody can tell
            return false;
        const auto [found, fresh] = unfounded_.try_emplace(purpose, false);
        if (fresh)
            found->second = consent::basis_of(subject_, purpose) == "consent" &&
                            (purpose == withdrawn_ || !consent::consents(subject_, purpose));
        return found->second;
    }

    const subject::Subject &subject_;
    const std::string &withdrawn_;
    std::set<std::string> known_;
    std::map<std::string, bool> unfounded_;
};

/// What is erased of one relation: its rows, or some columns.
struct Part {
    const rights::Target *target;
    bool rows = false;
    std::vector<rights::Blank> blanks;
};

rights::Blank blank_of(Oid relation, const pg::Column &column) {
    if (column.not_null)
        return rights::pseudonym(relation, column.name);
    const std::string name = "t." + pg::quote(column.name);
    return {column.name,
            name + "::" + pg::type_name(rights::travelling_type(relation, column.name)),
            {"NULL"},
            name + " IS NULL"};
}

Part part_of(const rights::Target &target, Purposes &purposes) {
    const label::Labels &labels = target.labels;
    const std::vector<std::string> of_table = labels.table ? labels.table->purposes : std::vector<std::string>{};
    Part part{&target, !of_table.empty() && purposes.over(of_table), {}};
    const std::vector<pg::Column> key = pg::primary_key(target.relation);
    for (const pg::Column &column : pg::columns_of(target.relation)) {
        const label::ColumnLabel *label = labels.column(column.number);
        const bool own = label != nullptr && !label->purposes.empty();
        if (own && !purposes.over(label->purposes))
            part.rows = false; // the row stays for this column
        else if (own && !column.generated && label->erase != label::ColumnLabel::Erase::keep &&
                 std::none_of(key.begin(), key.end(), [&](const pg::Column &each) { return each.name == column.name; }))
            part.blanks.push_back(blank_of(target.relation, column));
    }
    if (part.rows)
        part.blanks.clear();
    return part;
}

template <typename Visit> void each_part(const subject::Subject &subject, const std::string &purpose, Visit visit) {
    std::unique_ptr<subject::Collection> collection;
    {
        const pg::OwnerScope scope(subject.table); // the key's type may carry code of the table's owner
        collection = std::make_unique<subject::Collection>(subject);
    }
    if (!collection->exists())
        return;
    Purposes purposes(subject, purpose);
    const rights::ErasePlan plan(*collection, rights::Before{});
    // Children before parents, so that what points at a row goes first.
    for (auto target = plan.targets().rbegin(); target != plan.targets().rend(); ++target)
        if (target->selection->rows > 0)
            visit(part_of(*target, purposes));
}

} // namespace

std::vector<Erasable> erasable(const subject::Subject &subject, const std::string &purpose) {
    std::vector<Erasable> out;
    each_part(subject, purpose, [&](const Part &part) {
        const rights::Target &target = *part.target;
        const std::string departs = target.departs();
        if (part.rows) {
            if (const std::uint64_t rows = rights::count_rows(target.relation, target.with(departs)); rows > 0)
                out.push_back({target.relation, target.relation == subject.table ? "forget" : "delete", "", rows});
            return;
        }
        for (const rights::Blank &each : part.blanks)
            if (const std::uint64_t rows = rights::count_rows(
                    target.relation, target.with(rights::both(departs, rights::not_true(each.done))));
                rows > 0)
                out.push_back({target.relation, "erase", each.column, rows});
    });
    return out;
}

bool erase_withdrawn(const subject::Subject &subject, const std::string &purpose, Done &done) {
    bool forget = false;
    const audit::Erasing erasing({}); // what goes must not stay in the audit log
    each_part(subject, purpose, [&](const Part &part) {
        const rights::Target &target = *part.target;
        const std::string departs = target.departs();
        if (part.rows && target.relation == subject.table) {
            forget = true;
            return;
        }
        if (part.rows) {
            std::uint64_t rows = 0;
            const rights::Where where = target.with(departs);
            const bool went = pg::attempt(ERRCODE_TO_CATEGORY(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION), [&] {
                rows = rights::run_on(target.relation, "DELETE FROM " + target.name + " AS t WHERE " + where.sql,
                                      where.params, "delete rows of");
            });
            // Something that stays points at them.
            if (!went && !target.blank.empty())
                rows = rights::blank(target.relation, target.blank, "", where.sql, where.params);
            if (rows > 0)
                done[{target.relation, went ? "delete" : "anonymize"}] += rows;
            return;
        }
        if (part.blanks.empty())
            return;
        const std::string where = rights::both(departs, rights::undone(part.blanks));
        if (where == "false")
            return;
        if (const std::uint64_t rows = rights::blank(target.relation, part.blanks, "", where, target.params); rows > 0)
            done[{target.relation, "erase"}] += rows;
    });
    return forget;
}

std::set<std::string> labelled_purposes() {
    std::set<std::string> names;
    for (const Oid relation : label::labelled_relations()) {
        const label::Labels labels = label::of(relation);
        if (labels.table)
            names.insert(labels.table->purposes.begin(), labels.table->purposes.end());
        for (const label::LabelledColumn &column : labels.columns)
            names.insert(column.label.purposes.begin(), column.label.purposes.end());
    }
    return names;
}

} // namespace gdpr::retention

using namespace gdpr;

GDPR_FUNCTION(gdpr_erasable_after_withdrawal) {
    pg::require_role("gdpr_officer", "see what a withdrawal erases");
    pg::ResultSet result(fcinfo);
    pg::make_constraints_immediate();
    const subject::Subject subject = subject::person_argument(fcinfo);
    const std::string purpose = pg::to_string(PG_GETARG_DATUM(2));
    for (const retention::Erasable &each : retention::erasable(subject, purpose))
        result.add({pg::param_oid(each.relation), pg::param(each.action),
                    each.column.empty()
                        ? pg::null_param(NAMEOID)
                        : pg::param(NAMEOID, pg::call([&] {
                                        return DirectFunctionCall1(namein, CStringGetDatum(each.column.c_str()));
                                    })),
                    pg::param(static_cast<std::int64_t>(each.rows))});
    PG_RETURN_NULL();
}
