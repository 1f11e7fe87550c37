"""All vocabularies by name."""

from murmuration.sample.words import airline, around, bikes, coffee, phone

TOPIC_WORDS = phone.TOPICS | coffee.TOPICS | bikes.TOPICS | airline.TOPICS | around.CHATTER
CAUSE_WORDS = phone.CRISES | coffee.CRISES | bikes.CRISES | airline.CRISES
ADVERT_WORDS = around.ADVERTS
WORDS = TOPIC_WORDS | CAUSE_WORDS | ADVERT_WORDS
