DROP TABLE attachments; DROP TABLE notes; DROP TABLE questions; DROP TABLE answers; DROP TABLE clock_changes; DROP TABLE referrals;
