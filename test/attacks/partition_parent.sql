-- Attack: the partitioned table.
SELECT email FROM visit;
