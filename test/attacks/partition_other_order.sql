-- Attack: a partition whose columns are in another order.
SELECT x FROM visit_2 x;
