"""What the invented posts say: phrases by topic, feeling and language.

Phrases stand in blocks of text, separated by bars. `{thing}`, `{brand}`, `{time}` and the like are
slots that are filled for each post; `murmuration.sample.phrasebook` knows them.
"""
