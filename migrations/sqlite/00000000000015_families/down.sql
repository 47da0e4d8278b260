DROP TABLE families;
DROP TABLE family_links;
