// The rows of one relation that belong to a person, or tell of them, as they may be shown to that person.
#pragma once

#include "pg/catalog.hpp"
#include "pg/spi.hpp"
#include "rights/format.hpp"
#include "subject/collect.hpp"

namespace gdpr::rights {

/// What may be shown of a row, and in which form.
///
/// A row that is the person's alone is shown whole. Of a row that has another owner as well, and of an accessed row,
/// nobody's labels say which person a column tells of; so the columns labelled personal, sensitive or identifier are
/// taken as the others', and so are the keys that lead to other people. They are withheld: shown as null, and listed.
/// What stays is unlabelled, or a key that leads to this person. Of a row that is theirs alone, too, a labelled key by
/// which someone else accesses it (the agent of a ticket) is the other's.
class Rows {
  public:
    enum class Form {
        text, // as the type's output function writes it
        json  // as to_json writes it
    };

    /// Of a collection's person, without the columns that `omitted` names.
    Rows(const subject::Collection &collection, const subject::Selection &selection, Form form,
         const std::set<std::string> &omitted = {});

    Oid relation() const noexcept { return relation_; }
    /// The columns shown, in order, unquoted.
    const std::vector<std::string> &columns() const noexcept { return names_; }
    /// The type of one of them, by its place from 0.
    Oid type(std::size_t column) const { return shown_.at(column).column.type; }

    /// Visits every row in the order of the primary key, as the owner of the relation. Returns how many there were.
    std::uint64_t each(const std::function<void(const Cells &)> &visit);

    /// The columns of which each() withheld a value, in order.
    std::vector<std::string> withheld() const;
    /// The columns that each() showed of rows in which others have a part, whose words no label speaks of and no check
    /// here can: text and documents. Someone must read them before they are handed out (Art. 15(4)).
    std::vector<std::string> unchecked() const;

  private:
    struct Shown {
        pg::Column column;
        bool others_row = false; // withheld where someone else has a part in the row
        bool any_row = false;    // withheld from any row but one that it leads to this person
        bool words = false;      // may its values tell of anyone?
        bool withheld = false;   // was it, of some row?
        bool unchecked = false;  // was it shown, of words, of a row that is not this person's alone?
    };
    /// A hop and the columns of this relation that its key has.
    struct Way {
        std::string condition;
        std::vector<std::string> columns;
    };

    void find_ways();
    void find_columns(const std::set<std::string> &omitted);
    std::string statement() const;
    std::string expression(const pg::Column &column, const std::string &name) const;
    bool shared(HeapTuple tuple, TupleDesc descriptor, bool &own) const;
    std::vector<std::string> names_where(bool Shown::*mark) const;
    std::set<std::string> kept(const pg::Rows &rows, std::uint64_t row) const;

    const subject::Collection &collection_;
    const subject::Selection &selection_;
    Oid relation_;
    Form form_;
    bool mixed_; // may others have a part in a row?
    std::vector<Way> ways_;
    std::vector<AttrNumber> owner_columns_;
    AttrNumber shape_ = 0; // the first columns of the statement are those of the relation, up to this one
    std::vector<Shown> shown_;
    std::vector<std::string> names_;
};

} // namespace gdpr::rights
