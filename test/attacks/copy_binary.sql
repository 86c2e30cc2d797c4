-- Attack: COPY in binary form.
-- hide: /PGCOPY/
-- mask: /PGCOPY/
COPY person TO STDOUT (FORMAT binary);
