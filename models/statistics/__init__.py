"""What analysts ask of the counts: rates, intervals, rankings and comparisons, each with its uncertainty. Pure.

| module | answers |
| --- | --- |
| `intervals` | between which bounds a rate lies, given a count of accidents or a sum of dead or injured |
| `rates` | counts per km, per 1,000 passages, per watched hour; `None` is "not observed", which is not 0 |
| `severity` | one number for accidents of different outcomes |
| `comparison` | a period against the one before, where they may be compared |
| `breaks` | since when a measure is counted by other rules |
| `safety_performance` | how many accidents a stretch like this one is expected to have |
| `ranking` | the worst segments: raw, and by empirical Bayes |
| `stretches` | where injuries lie close together along a route |
| `sun` | day, twilight or night |
| `handling` | how long reports waited, from their buckets |

Numbers are `numpy`'s and `scipy`'s; the regression is `statsmodels`'s. Why: `docs/decisions/0010-statistics.md`.
"""
