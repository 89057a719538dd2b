"""Everything that leans on WeasyPrint's and pydyf's private parts; nothing else may import them.

`page` reads the HTML and lays it out, `cards` makes one box of a photo and its caption, `frame`
paints head and foot, `pictures` embeds photos without opening them, `references` mends a slow
property of pydyf, `fonts` keeps the fonts of the process, `tags` builds the tree of tags. What
`shortcuts` puts into WeasyPrint is in `kinds` (styles of pages), `lengths` (of boxes) and `letters`
(of lines). Each does less work for the same page: tests compare the pixels with those of WeasyPrint
alone. pyproject.toml pins the version.
"""
