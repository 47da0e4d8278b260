DROP TABLE anchor_leaves;
DROP TABLE anchors;
ALTER TABLE events DROP COLUMN salt;
