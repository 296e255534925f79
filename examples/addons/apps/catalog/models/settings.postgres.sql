-- What staff can change without a deployment. Values are text; whoever reads a key knows its type.

CREATE TABLE settings (
    key   text PRIMARY KEY,
    value text NOT NULL
);
