-- What every fresh environment has before the catalogue is filled: the site's settings, the groups, and a few accounts
-- to sign in with. Dates are fixed, so that two fresh environments are equal byte for byte.

INSERT INTO settings (key, value) VALUES
    ('site.name', 'The Add-on Shelf'),
    ('site.tagline', 'Small programs that make a browser yours'),
    ('site.contact', 'staff@shelf.example'),
    ('listing.page_size', '25'),
    ('listing.default_sort', 'users'),
    ('reviews.minimum_for_best_rated', '20'),
    ('uploads.enabled', 'true'),
    ('uploads.largest_bytes', '8388608');

INSERT INTO groups (id, name, description) VALUES
    (1, 'admins', 'May do everything, including changing groups'),
    (2, 'reviewers', 'Look at new versions before they are listed'),
    (3, 'moderators', 'Hide ratings that break the rules; may not touch add-ons');

INSERT INTO users (id, handle, email, created_at, locale, deactivated_at) VALUES
    (1, 'admin', 'admin@shelf.example', '2018-01-01T09:00:00Z', 'en', NULL),
    (2, 'patient-heron-0001', 'reviewer-one@shelf.example', '2018-01-02T09:00:00Z', 'en', NULL),
    (3, 'steady-badger-0002', 'reviewer-two@shelf.example', '2018-02-11T10:30:00Z', 'de', NULL),
    (4, 'gentle-walrus-0003', 'moderator@shelf.example', '2018-03-05T14:15:00Z', 'fr', NULL),
    (5, 'former-magpie-0004', 'left@shelf.example', '2018-03-06T08:45:00Z', 'en', '2023-08-31T17:00:00Z');

INSERT INTO group_members (group_id, user_id) VALUES (1, 1), (2, 2), (2, 3), (3, 4);
