CREATE TABLE IF NOT EXISTS public.stead_schema (
    id integer NOT NULL PRIMARY KEY CHECK (id = 1),
    fingerprint text NOT NULL,
    heads text NOT NULL,
    "schema" bytea NOT NULL,
    at text NOT NULL
)
