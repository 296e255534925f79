CREATE TABLE IF NOT EXISTS public.stead_marker (
    id integer NOT NULL PRIMARY KEY CHECK (id = 1),
    state text NOT NULL,
    at text NOT NULL,
    source text,
    swap_token text
)
