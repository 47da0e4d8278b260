DROP TABLE audit; DROP TABLE citizens; DROP TABLE gateways; DROP TABLE failures; DROP TABLE refresh_tokens; DROP TABLE user_roles; DROP TABLE users;
