/* The one declaration of the compiled loops: C includes it, and Python reads it (see `__init__.py`).

   Python knows from it the type of every argument and field, and refuses an array of another type. So it keeps to plain
   forms: structures of 64-bit numbers and arrays, and prototypes that return nothing or a 64-bit number. An array of
   bytes also holds booleans. In comments, `rows` is the number of rows of the table. */

#include <stdint.h>

/* What functions return that can fail, or lack room. `fire_rules` also returns FINE, or the key of a change that is missing. */
enum { NO_MEMORY = -1, NO_ROOM = -2, FINE = -3 };

/* Instructions of a condition, as in `kernel/rules.py`. */
enum { NEEDED, STATED, NOT_STATED, FLAG, LEAST, MOST };

/* Put the places of a byte, as far as there is room; return how many there are. */
int64_t find_bytes(const uint8_t *data, int64_t size, int32_t byte, int64_t *places, int64_t room);

/* Number the texts of a column in the order in which they come up; return how many different ones there are.

   Text `row` is `data[offsets[row]:offsets[row + 1]]`. With a separator (-1: none) a text is cut into words; those of
   a row have `numbers[ends[row]:ends[row + 1]]`. `starts` and `sizes` say where each different one is in `data`. */
int64_t number_texts(const uint8_t *data, const int32_t *offsets, int64_t rows, int32_t separator, int32_t *numbers,
                     int32_t *ends, int32_t *starts, int32_t *sizes);

/* Copy texts one behind the other, as Arrow holds them. */
void gather_texts(const uint8_t *data, const int32_t *starts, const int32_t *sizes, int64_t count, uint8_t *texts);

/* The words of a column by number; `first` is what is added to its numbers. */
struct column {
    const int32_t *numbers, *ends;
    int64_t first;
};

/* Put the words of several columns together, row by row; return how many there are.

   `criteria` has for each different word the place of its criterion, below `all_criteria`, or -1. `at` gets the row of
   each word; `again` marks words whose criterion another word of the row has too. */
int64_t join_words(const struct column *columns, int64_t count, int64_t rows, const int32_t *criteria,
                   int64_t all_criteria, int32_t *words, int32_t *at, int32_t *ends, uint8_t *again);

/* Rules by number, in an order in which those that imply a criterion come before those that need it. */
struct rules {
    int64_t count, sets, criteria, flags, parts, depth, highest;
    const int32_t *code, *code_ends;     /* conditions, two numbers an instruction: what it is, and of what */
    const int32_t *part_ends, *part_of;  /* what a rule implies: its criteria, */
    const int32_t *part_ranks;           /* and at most at which rank */
    const int32_t *part_parents;         /* and of which criterion that one is a member, or -1 */
    const int32_t *judged_ends, *judged; /* the criteria on whose facts it favours */
    const uint8_t *computed;             /* by criterion */
    /* Sets of rules, a bit each, in `sets` numbers of 64: those that can fire only where a criterion is required, or a
       flag is up, or one of several of these; and those that can fire anywhere. */
    const uint64_t *by_criterion, *by_flag, *anywhere;
};

/* What becomes of a cell that a part of a rule changes, by key, in order. */
struct changes {
    int64_t count;
    const int64_t *keys;
    const int32_t *cells;
    const uint8_t *refused; /* what the team stated contradicts it */
};

/* A table: the cells of its words, row after row, and by cell its criterion (-1: no rule speaks of it), the criterion
   of which that one is a member (-1), and its rank. */
struct table {
    int64_t rows;
    const int32_t *ends, *cells, *criteria, *parents;
    const uint8_t *ranks, *flags; /* ranks are 255, which is -1, where absence is asked; flags by condition, then by row */
};

/* What the rules make of a table, from `row` on: the cells of its words, what is added, and which rows have to be
   judged by themselves. `possible` holds for each row the set of the rules that its flags let fire. */
struct outcome {
    int32_t *cells, *added_rows, *added_cells;
    uint8_t *alone;
    uint64_t *possible;
    int64_t room, added, row;
};

/* Put the sets of the rules that the flags of each row let fire. */
void let_in_by_flags(const struct rules *rules, const struct table *table, uint64_t *possible);

/* Fire all rules on the rows from `out->row` on; `favouring` has by rule the cell of one that favours. */
int64_t fire_rules(const struct rules *rules, const struct changes *changes, const int32_t *favouring,
                   const struct table *table, struct outcome *out);

/* Put entries, each a row and a cell, in the order of their rows; those of a row stay as they were. The cells of row r
   are then those from `ends[r]` to `ends[r + 1]`. */
void sort_entries(const int32_t *rows, const int32_t *cells, int64_t entries, int64_t teams, int32_t *sorted_rows,
                  int32_t *sorted_cells, int32_t *ends);

/* Add up the numbers of the cells of each row, `width` numbers a cell; `sums` has a line for each of the numbers, and
   in it a place for each row. Return the number of rows. */
int64_t add_up(const int32_t *ends, const int32_t *cells, int64_t teams, const double *numbers, int64_t width,
               double *sums);

/* Put the codes of each row in order, each once; return how many there are, or NO_ROOM.

   Cell `cell` has the codes `places[begins[cell]:begins[cell + 1]]`; those of row r become
   `codes[code_ends[r]:code_ends[r + 1]]`. */
int64_t list_codes(const int32_t *rows, const int32_t *cells, int64_t entries, int64_t teams, const int32_t *begins,
                   const int32_t *places, int64_t room, int32_t *code_ends, int32_t *codes);
