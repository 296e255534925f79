-- What newer versions allow: other expressions, and `NOT NULL` that is not handed on.
CREATE TABLE made (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED, c integer GENERATED ALWAYS AS (a * 3));
CREATE TABLE made_otherwise () INHERITS (made);
ALTER TABLE made_otherwise ALTER b SET EXPRESSION AS (a * 5), ALTER c SET EXPRESSION AS (a * 7);
CREATE TABLE made_here (b integer GENERATED ALWAYS AS (a * 6) STORED) INHERITS (made);
CREATE TABLE strict (a integer NOT NULL NO INHERIT, b text);
CREATE TABLE lax (a integer) INHERITS (strict);
CREATE TABLE strict_too () INHERITS (strict);
ALTER TABLE strict_too ALTER a SET NOT NULL;
