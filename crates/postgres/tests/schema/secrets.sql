-- What holds passwords; runs after the other file.
CREATE SUBSCRIPTION elsewhere CONNECTION 'host=nowhere.invalid dbname=x user=u password=planted-canary' PUBLICATION one, "Two" WITH (connect = false);
CREATE USER MAPPING FOR PUBLIC SERVER zoo_server OPTIONS ("user" 'u', password 'planted-canary');
