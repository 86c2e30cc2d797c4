-- Attack: a partition by itself.
SELECT email FROM visit_1;
