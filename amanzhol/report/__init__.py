"""The police department's period summary: cells to figures, figures to a document, a document to a file.

| module | does |
| --- | --- |
| `evidence`, `asking` | read what was counted, from Kafka or from the API |
| `figures` | adds the cells of a period up, by all that the summary tells |
| `language` | words, numbers and dates of a language; `translations/` and `offences.csv` hold them |
| `document` | what a summary is made of, whatever it is written as |
| `sections` | says what the figures are, in that language |
| `drawing` | charts and the small map, as SVG |
| `rendering` | Markdown, HTML or PDF |
"""
