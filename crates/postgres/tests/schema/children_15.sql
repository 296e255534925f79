-- What versions before 16 and 18 allow: columns that are generated in the child alone, and a child without the parent's `NOT NULL`.
CREATE TABLE strict (a integer NOT NULL, b text);
CREATE TABLE lax (a integer) INHERITS (strict);
ALTER TABLE lax ALTER a DROP NOT NULL;
CREATE TABLE lax_too () INHERITS (strict);
ALTER TABLE lax_too ALTER a DROP NOT NULL;
CREATE TABLE stricter_later (k integer);
CREATE TABLE lax_key () INHERITS (stricter_later);
ALTER TABLE ONLY stricter_later ADD PRIMARY KEY (k);
CREATE TABLE generated (a integer GENERATED ALWAYS AS (2) STORED) INHERITS (parent);
ALTER TABLE parent ALTER c SET COMPRESSION lz4;
