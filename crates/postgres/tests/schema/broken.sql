-- Sound objects with two among them that the test damages in the catalog.
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TABLE t (a integer DEFAULT 1 + 2 CHECK (a > 0), b text);
CREATE INDEX ON t (lower(b)) WHERE a > 1;
CREATE VIEW v AS SELECT a FROM t;
CREATE TRIGGER "first" AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER "Broken t" AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER "last" AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE DOMAIN sound AS integer CHECK (VALUE > 0);
CREATE DOMAIN d AS integer CONSTRAINT "broken c" CHECK (VALUE > 0) CONSTRAINT other CHECK (VALUE < 9);
