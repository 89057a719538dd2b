"""The language of conditions and calculated values: docs/logic.md has its grammar and meaning.

A definition stores the checked tree of an expression, never its text. parsing.py reads text,
checking.py gives each part its type and finds cycles, evaluating.py computes values from answers
(the truth; app/assets/src/logic computes the same on the phone), and wording.py writes a tree as
text or as a sentence. Nothing here knows a report, a page or the interface language.
"""
