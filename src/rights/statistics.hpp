// What the planner's statistics know of a person: samples of their values in pg_statistic.
#pragma once

#include "rights/erase_plan.hpp"

namespace gdpr::rights {

/// Samples of labelled columns that are values of rows which are to be erased. A common value that others have as well
/// stays: it tells nothing of anyone.
class Samples {
  public:
    /// Looks for them, before anything changes.
    explicit Samples(const ErasePlan &plan);

    /// Takes them out of pg_statistic, one by one, so that no table need be analysed for one person; only what cannot
    /// be taken apart (extended statistics, those of index expressions) is gathered anew.
    void remove() const;

  private:
    /// One array of samples of a column.
    struct Slot {
        Oid relation = InvalidOid;
        AttrNumber column = InvalidAttrNumber;
        bool inherited = false;
        int number = 0;        // from 0
        std::vector<int> gone; // places from 0; none: all of it, being of a kind that is not taken apart
    };
    struct Found {
        Slot slot;
        bool common; // values with frequencies, as against bounds of a histogram
        std::vector<Datum> values;
        std::vector<float4> frequencies;
        pg::Param array;
        Oid element;
    };

    /// A column and its samples, of one type.
    struct Sampled {
        std::string column, equals;
        Oid element;
        std::vector<Found> found;
    };

    static std::vector<Found> slots_of(Oid relation, const std::string &column);
    Sampled samples_of(Oid relation, const std::string &column);
    static void mark(Sampled &sampled, Datum value, std::int64_t rows);
    static void look_for_samples(const Target &target, Sampled &sampled);
    static void look_at_rows(const Target &target, std::vector<Sampled> &columns);
    static void take_out(const Slot &slot);

    std::vector<Slot> slots_;
    std::set<Oid> relations_; // with labelled columns and rows that are to be erased
};

} // namespace gdpr::rights
