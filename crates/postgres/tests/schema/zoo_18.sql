-- What PostgreSQL 16 to 18 added; runs after the other file.
CREATE TABLE zoo.of_18 (
  id integer CONSTRAINT "id must be" NOT NULL,
  plain integer NOT NULL,
  doubled integer GENERATED ALWAYS AS (plain * 2) VIRTUAL,
  unsure integer,
  body text STORAGE EXTERNAL,
  CONSTRAINT promised CHECK (id > 0) NOT ENFORCED
);
ALTER TABLE zoo.of_18 ADD CONSTRAINT sure NOT NULL unsure NOT VALID;
ALTER TABLE zoo.of_18 ADD PRIMARY KEY (id);
CREATE TABLE zoo.no_inherit (a integer CONSTRAINT mine NOT NULL NO INHERIT);
CREATE TABLE zoo.refers_loosely (id integer REFERENCES zoo.of_18 (id) NOT ENFORCED);
CREATE TABLE zoo.rooms (id int4range, during tsrange, CONSTRAINT rooms_key PRIMARY KEY (id, during WITHOUT OVERLAPS));
CREATE TABLE zoo.bookings (id int4range, room int4range, during tsrange, PRIMARY KEY (id, during WITHOUT OVERLAPS),
  FOREIGN KEY (room, PERIOD during) REFERENCES zoo.rooms (id, PERIOD during));
CREATE TABLE zoo.numbered (id integer GENERATED ALWAYS AS IDENTITY, k integer) PARTITION BY LIST (k);
CREATE TABLE zoo.numbered_1 PARTITION OF zoo.numbered FOR VALUES IN (1);
CREATE TABLE zoo.strict_base (a integer NOT NULL, b integer);
CREATE TABLE zoo.strict_derived (b integer NOT NULL) INHERITS (zoo.strict_base);
CREATE TABLE zoo.promised_base (a integer);
CREATE TABLE zoo.promised_late (b integer) INHERITS (zoo.promised_base);
CREATE TABLE zoo.promised_last (c integer) INHERITS (zoo.promised_late);
ALTER TABLE zoo.promised_base ADD COLUMN w integer CHECK (w > 0) NOT ENFORCED;
CREATE COLLATION zoo.ruled (provider = icu, locale = 'und', rules = '&V << w <<< W');
CREATE COLLATION zoo.built_in (provider = builtin, locale = 'C.UTF-8');
CREATE TABLE zoo.excluded (k integer, stay tsrange, EXCLUDE USING gist (k WITH =, stay WITH &&)) PARTITION BY LIST (k);
CREATE TABLE zoo.excluded_1 PARTITION OF zoo.excluded FOR VALUES IN (1);
CREATE PUBLICATION of_generated FOR TABLE zoo.of_18 WITH (publish_generated_columns = stored);
GRANT MAINTAIN ON zoo.of_18 TO stead_zoo_owner;
