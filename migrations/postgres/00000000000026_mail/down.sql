DROP TABLE mailboxes;
DROP TABLE mails;
