from .brands import Brand as Brand
from .brands import assign_brands as assign_brands
from .brands import drop_unmentioned as drop_unmentioned
from .brands import find_mentions as find_mentions
from .brands import keep_brand as keep_brand
from .clean import mask_handles as mask_handles
from .language import detect_languages as detect_languages
from .repeats import assign_repeats as assign_repeats
from .repeats import describe_repeats as describe_repeats
from .repeats import find_repeats as find_repeats
from .tokens import clean_text as clean_text
from .tokens import find_terms as find_terms
from .tokens import find_words as find_words
from .tokens import stop_words as stop_words
from .topic_text import count_words as count_words
from .topic_text import drop_stop_words as drop_stop_words
from .topic_text import join_titles as join_titles
from .topic_text import prepare_texts as prepare_texts

__all__ = [
    "Brand",
    "assign_brands",
    "assign_repeats",
    "clean_text",
    "count_words",
    "describe_repeats",
    "detect_languages",
    "drop_stop_words",
    "drop_unmentioned",
    "find_mentions",
    "find_repeats",
    "find_terms",
    "find_words",
    "join_titles",
    "keep_brand",
    "mask_handles",
    "prepare_texts",
    "stop_words",
]
