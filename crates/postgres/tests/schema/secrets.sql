-- What holds passwords; runs after the other file.
CREATE SUBSCRIPTION elsewhere CONNECTION 'host=nowhere.invalid dbname=x user=u password=planted-canary application_name=''a b''' PUBLICATION one, "Two" WITH (connect = false);
CREATE SUBSCRIPTION "Address" CONNECTION 'postgres://u:planted-canary@nowhere.invalid/x?sslmode=require' PUBLICATION one WITH (connect = false, streaming = on);
CREATE USER MAPPING FOR PUBLIC SERVER zoo_server OPTIONS ("user" 'u', password 'planted-canary', password_required 'false', api_token 'planted-canary');
ALTER SERVER zoo_server OPTIONS (ADD host 'nowhere.invalid', ADD sslpassword 'planted-canary');
CREATE FOREIGN TABLE far (a integer OPTIONS (secret 'planted-canary', column_name 'A')) SERVER zoo_server OPTIONS (credentials 'planted-canary', schema_name 's');
