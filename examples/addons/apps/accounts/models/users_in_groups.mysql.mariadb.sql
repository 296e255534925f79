-- Groups carry rights. A member may do what any of their groups may do.

CREATE TABLE `groups` (
    id          BIGINT NOT NULL AUTO_INCREMENT,
    name        VARCHAR(64) NOT NULL,
    description VARCHAR(255) NOT NULL DEFAULT '',
    PRIMARY KEY (id),
    UNIQUE KEY groups_by_name (name)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE group_members (
    group_id BIGINT NOT NULL,
    user_id  BIGINT NOT NULL,
    PRIMARY KEY (group_id, user_id),
    KEY group_members_by_user (user_id),
    CONSTRAINT group_members_group FOREIGN KEY (group_id) REFERENCES `groups` (id) ON DELETE CASCADE,
    CONSTRAINT group_members_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
