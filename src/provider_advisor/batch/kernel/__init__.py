"""Rows of a table in, the answers that each would get alone out, as columns.

The path of the data: `tokens` numbers the different words of the columns, `word_reader` reads each once and names its
cell, that is, what is required of one criterion (`cells`: judged once, by the code of a single answer).
`requirements` puts together what a row says twice; `situations` and `costs` read the rest of it. `rule_program` fires
the rules, which turn cells into others. `scores` adds the cells of each row up and judges; `output` and `counts` say
what came of it. Few tables need `own_words` (requirements that no criterion says), `weigh_areas` (weights by area) and
`product_gaps` (musts that another product meets). `scorer` leads through all this, and is where to begin reading.
`table` says which columns are read, and how one row is read alone. What runs word by word or row by row is compiled
(`batch.native`).
"""
