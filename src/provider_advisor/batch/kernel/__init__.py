"""Rows of a table in, the answers that each would get alone out, as columns.

The path of the data: `words` numbers the words of the columns (`texts`), `catalogue` reads each once and names its
cell, that is, what is required of one criterion (`cells`: judged once, by the code of a single answer). `stated` puts
together what a row says twice, `situations` and `costs` read the rest of it. `chaining` fires the rules (`program`,
`firing`), which turn cells into others (`changes`); `priced` puts in what depends on a team's own cost. `sums` adds the
cells of each row up to scores, `verdicts` judges these; `columns`, `reasons` and `tally` say what came of it. `judging`
and `scorer` lead through all this. What runs word by word or row by row is compiled (`batch.loops`).
"""
