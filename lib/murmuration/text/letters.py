"""Sets of characters that regular expressions here share; each goes between square brackets."""

# Marks belong to the word that they stand in (vowels of Hindi, points of Hebrew), but `\w` leaves them out.
MARKS = (
    "\u0300-\u036f\u0483-\u0487"  # Latin, Greek, Cyrillic
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # Hebrew
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"  # Arabic
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963"  # Devanagari
    "\u0981-\u0983\u09bc-\u09cd\u09d7\u09e2\u09e3"  # Bengali
    "\u0a01-\u0a03\u0a3c-\u0a51\u0a70\u0a71\u0a75\u0a81-\u0a83\u0abc-\u0acd\u0ae2\u0ae3"  # Gurmukhi, Gujarati
    "\u0b01-\u0b03\u0b3c-\u0b57\u0b62\u0b63\u0b82\u0bbe-\u0bcd\u0bd7"  # Odia, Tamil
    "\u0c00-\u0c04\u0c3c-\u0c56\u0c62\u0c63\u0c81-\u0c83\u0cbc-\u0cd6\u0ce2\u0ce3"  # Telugu, Kannada
    "\u0d00-\u0d03\u0d3b-\u0d4d\u0d57\u0d62\u0d63\u0d81-\u0d83\u0dca-\u0ddf\u0df2\u0df3"  # Malayalam, Sinhala
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u0f71-\u0f84"  # Thai, Lao, Tibetan
    "\u102b-\u103e\u1056-\u1059\u1062-\u106d\u1082-\u108d\u17b4-\u17d3"  # Burmese, Khmer
    "\u1ab0-\u1aff\u1dc0-\u1dff\u3099\u309a\ufe20-\ufe2f"
)
# Scripts written without spaces: Thai, Lao, Burmese, Khmer, Japanese, Chinese.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u3400-\u9fff"
    "\U00020000-\U0003ffff"
)
HANGUL = "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"
