"""Judge teams as columns: `scorer` scores a table, and each other module is one of its steps.

Start reading in `scorer`, which calls the other modules in this order:

- `numbered_words` numbers the distinct words of the columns. `word_reader` reads each word once and returns its cell:
  what is required of one criterion (`cells`), judged once by the code that answers a single team.
- `requirements` merges words of a row on the same criterion. `situations` and `costs` read the other columns.
- `rule_program` fires the rules, which replace cells and add new ones.
- `scores` sums the cells of each row and judges it. `output` and `counts` turn the results into columns and totals.

Only some tables need `own_words` (requirements that match no criterion), `weigh_areas` (weights by area) and
`product_gaps` (musts that only another product meets). `layout` decides which columns are read. Rows that columns do
not cover are read one by one by `read_row`. Loops over words and rows are compiled (`batch.native`).
"""
