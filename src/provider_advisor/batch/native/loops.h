/* The only declaration of the compiled loops: C includes it, and Python parses it (see `__init__.py`).

   Python takes the type of every argument and field from it, and refuses arrays of other types. To be easy to parse, it
   contains only structures of 64-bit numbers and arrays, and prototypes that return nothing or a 64-bit number. Arrays
   of bytes also hold booleans. `teams`, and `rows` where it is not an array, is the number of rows of the table. */

#include <stdint.h>

/* Returned on failure or lack of room. `fire_rules` returns FINE on success, or the key of an unknown change. */
enum { NO_MEMORY = -1, NO_ROOM = -2, FINE = -3 };

/* Instructions of a condition, as in `kernel/rule_program.py`. */
enum { NEEDED, STATED, NOT_STATED, FLAG, LEAST, MOST };

/* Store the positions of a byte, as many as there is room for; return how many there are. */
int64_t find_bytes(const uint8_t *data, int64_t size, int32_t byte, int64_t *places, int64_t room);

/* Number the texts of a column in order of first appearance; return how many distinct ones there are.

   The text of a row is `data[offsets[row]:offsets[row + 1]]`. With a separator (-1: none), it is split into words;
   their numbers are `numbers[ends[row]:ends[row + 1]]`. `starts` and `sizes` locate each distinct one in `data`. */
int64_t number_texts(const uint8_t *data, const int32_t *offsets, int64_t rows, int32_t separator, int32_t *numbers,
                     int32_t *ends, int32_t *starts, int32_t *sizes);

/* Copy texts one after the other, as in an Arrow buffer. */
void gather_texts(const uint8_t *data, const int32_t *starts, const int32_t *sizes, int64_t count, uint8_t *texts);

/* The words of a column by number; `first` is added to each number. */
struct column {
    const int32_t *numbers, *ends;
    int64_t first;
};

/* Combine the words of several columns row by row; return how many there are.

   `criteria` maps each distinct word to the index of its criterion (below `all_criteria`), or to -1. `at` gets the row
   of each word; `again` marks words whose criterion appears more than once in the row. */
int64_t join_words(const struct column *columns, int64_t count, int64_t rows, const int32_t *criteria,
                   int64_t all_criteria, int32_t *words, int32_t *at, int32_t *ends, uint8_t *again);

/* All rules, sorted so that rules that imply a criterion come before rules that need it. */
struct rules {
    int64_t count, sets, criteria, flags, parts, depth, highest;
    const int32_t *code, *code_ends;     /* conditions, two numbers per instruction: operation and operand */
    const int32_t *part_ends, *part_of;  /* what each rule implies (its parts): the criteria, */
    const int32_t *part_ranks;           /* their highest ranks, */
    const int32_t *part_parents;         /* and the criteria that they are members of, or -1 */
    const int32_t *judged_ends, *judged; /* the criteria whose facts a favouring rule uses */
    const uint8_t *computed;             /* by criterion */
    /* Bit sets of rules, each `sets` numbers of 64 bits: rules that a required criterion lets fire, rules that a raised
       flag lets fire, and rules that can always fire. */
    const uint64_t *by_criterion, *by_flag, *anywhere;
};

/* The cells that result when a part of a rule changes a cell, sorted by key. */
struct changes {
    int64_t count;
    const int64_t *keys;
    const int32_t *cells;
    const uint8_t *refused; /* the change contradicts what the team states */
};

/* A table: the cells of its words row by row, and for each cell its criterion (-1: not mentioned in rules), the
   criterion that this is a member of (-1: none), and its rank. */
struct table {
    int64_t rows;
    const int32_t *ends, *cells, *criteria, *parents;
    const uint8_t *ranks, *flags; /* rank 255 is -1: must be absent or is not wanted; flags by condition, then row */
};

/* The result of firing rules: the new cells of the words, the cells added, and the rows that must be judged on their
   own (`alone`). `row` is where to start or resume. `possible` is the set of rules that each row's flags let fire. */
struct outcome {
    int32_t *cells, *added_rows, *added_cells;
    uint8_t *alone;
    uint64_t *possible;
    int64_t room, added, row;
};

/* Set `possible` to the rules that can always fire and those that the flags of each row let fire. */
void let_in_by_flags(const struct rules *rules, const struct table *table, uint64_t *possible);

/* Fire all rules on the rows from `out->row`; `favouring` has the cell of each favouring rule. */
int64_t fire_rules(const struct rules *rules, const struct changes *changes, const int32_t *favouring,
                   const struct table *table, struct outcome *out);

/* Sort entries (pairs of row and cell) by row; entries of the same row keep their order. The cells of row r become
   `sorted_cells[ends[r]:ends[r + 1]]`. */
void sort_entries(const int32_t *rows, const int32_t *cells, int64_t entries, int64_t teams, int32_t *sorted_rows,
                  int32_t *sorted_cells, int32_t *ends);

/* Sum the numbers of the cells of each row; every cell has `width` numbers. `sums` is an array of `width` by `teams`.
   Return the number of rows. */
int64_t add_up(const int32_t *ends, const int32_t *cells, int64_t teams, const double *numbers, int64_t width,
               double *sums);

/* The codes of all list columns, numbered so that those of a list are adjacent and in its order.

   Cell c has the codes `places[begins[c]:begins[c + 1]]`. Code n belongs to list `list_of[n]`, as its word `words[n]`. */
struct code_table {
    int64_t codes, lists;
    const int32_t *begins, *places, *list_of, *words;
};

/* List the codes of each row in order, without duplicates; return the number of rows.

   List l is `codes[starts[l]:starts[l + 1]]`; within it, row r gets the codes from `code_ends[l][r]` to
   `code_ends[l][r + 1]`. If a list is longer than its room, return NO_ROOM; `code_ends` is complete nevertheless. */
int64_t list_codes(const struct code_table *table, const int32_t *ends, const int32_t *cells, int64_t teams,
                   const int64_t *starts, int32_t *code_ends, int32_t *codes);
