-- One row for everybody who signs in: authors, reviewers and staff alike. Handles are shown as they were typed, but
-- two handles that differ only in case are the same to a reader, so their column has a collation that knows no case.
-- All other text compares byte by byte, as on the other engines.

CREATE TABLE users (
    id             BIGINT NOT NULL AUTO_INCREMENT,
    handle         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL,
    email          VARCHAR(255) NOT NULL,
    created_at     DATETIME NOT NULL,
    locale         VARCHAR(35) NOT NULL DEFAULT 'en',
    deactivated_at DATETIME,
    PRIMARY KEY (id),
    UNIQUE KEY users_by_email (email),
    UNIQUE KEY users_by_handle (handle),
    CONSTRAINT users_handle_length CHECK (char_length(handle) BETWEEN 2 AND 64)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
