-- What every fresh environment has before the catalogue is filled: the site's settings, the groups, and a few accounts
-- to sign in with. Dates are fixed, so that two fresh environments are equal byte for byte. The rows are those of
-- `base.sql`: MySQL and MariaDB quote reserved words in their own way, and take moments without a zone, which are in UTC.

INSERT INTO settings (`key`, value) VALUES
    ('site.name', 'The Add-on Shelf'),
    ('site.tagline', 'Small programs that make a browser yours'),
    ('site.contact', 'staff@shelf.example'),
    ('listing.page_size', '25'),
    ('listing.default_sort', 'users'),
    ('reviews.minimum_for_best_rated', '20'),
    ('uploads.enabled', 'true'),
    ('uploads.largest_bytes', '8388608');

INSERT INTO `groups` (id, name, description) VALUES
    (1, 'admins', 'May do everything, including changing groups'),
    (2, 'reviewers', 'Look at new versions before they are listed'),
    (3, 'moderators', 'Hide ratings that break the rules; may not touch add-ons');

INSERT INTO users (id, handle, email, created_at, locale, deactivated_at) VALUES
    (1, 'admin', 'admin@shelf.example', '2018-01-01 09:00:00', 'en', NULL),
    (2, 'patient-heron-0001', 'reviewer-one@shelf.example', '2018-01-02 09:00:00', 'en', NULL),
    (3, 'steady-badger-0002', 'reviewer-two@shelf.example', '2018-02-11 10:30:00', 'de', NULL),
    (4, 'gentle-walrus-0003', 'moderator@shelf.example', '2018-03-05 14:15:00', 'fr', NULL),
    (5, 'former-magpie-0004', 'left@shelf.example', '2018-03-06 08:45:00', 'en', '2023-08-31 17:00:00');

INSERT INTO group_members (group_id, user_id) VALUES (1, 1), (2, 2), (2, 3), (3, 4);
