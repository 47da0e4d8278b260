DROP TABLE sms_stops;
DROP TABLE sms_dialogue_items;
DROP TABLE sms_dialogues;
DROP TABLE sms_replies;
DROP TABLE sms_standings;
DROP TABLE sms_sendings;
