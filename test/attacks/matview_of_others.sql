-- Attack: a materialised view that others have filled.
SELECT e FROM m;
