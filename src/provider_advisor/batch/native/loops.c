/* Loops over the words and rows of a table.

   Plain C on plain arrays: it does not use the Python API and keeps no state between calls, so threads may call it in
   parallel. `loops.h` documents the arguments. The cells and changes looked up here were computed in Python by the code
   that answers a single team; `fire_rules` returns the key of an unknown change, for Python to compute it. */

#include "loops.h"

#include <stdlib.h>
#include <string.h>

#ifndef BUILT_FROM
#define BUILT_FROM ""
#endif
/* A hash of this file and its header, set by the build; Python compares it with the files, if they exist. */
const char *const built_from = BUILT_FROM;

/* ---- Bytes ------------------------------------------------------------------------------------------------------- */

int64_t find_bytes(const uint8_t *data, int64_t size, int32_t byte, int64_t *places, int64_t room)
{
    int64_t found = 0;
    const uint8_t *at = data, *end = data + size;
    while (at < end && (at = memchr(at, byte, (size_t)(end - at)))) {
        if (found < room)
            places[found] = at - data;
        found++;
        at++;
    }
    return found;
}

/* ---- Distinct texts ---------------------------------------------------------------------------------------------- */

struct text {
    const uint8_t *at;
    int32_t size;
};

/* A slot of the hash table of the texts so far; its number is -1 while it is free. */
struct slot {
    uint32_t hash;
    int32_t number;
    struct text text;
};

struct met {
    struct slot *slots;
    uint32_t mask;
    int32_t count;
};

static uint64_t first_bytes(const uint8_t *at, size_t count)
{
    uint64_t part = 0;
    memcpy(&part, at, count);
    return part;
}

/* Hashes all bytes of a text; the last ones of a long text may be used twice. */
static uint32_t hash_of(struct text text)
{
    const uint64_t odd = 0x9E3779B97F4A7C15u;
    uint64_t hash = (uint64_t)text.size * odd;
    if (text.size >= 8) {
        for (int32_t place = 0; place < text.size - 8; place += 8) {
            hash = (hash ^ first_bytes(text.at + place, 8)) * odd;
            hash ^= hash >> 32;
        }
        hash ^= first_bytes(text.at + text.size - 8, 8);
    } else if (text.size >= 4) {
        hash ^= first_bytes(text.at, 4) << 32 | first_bytes(text.at + text.size - 4, 4);
    } else if (text.size) {
        hash ^= (uint64_t)text.at[0] << 16 | (uint64_t)text.at[text.size / 2] << 8 | text.at[text.size - 1];
    }
    hash *= odd;
    hash = (hash ^ hash >> 32) * odd; /* otherwise the last bytes would not affect the bits that select a slot */
    return (uint32_t)(hash >> 32);
}

static int make_room(struct met *met)
{
    uint32_t size = met->slots ? 2 * (met->mask + 1) : 1024;
    struct slot *slots = malloc(size * sizeof *slots);
    if (!slots)
        return NO_MEMORY;
    memset(slots, 0xFF, size * sizeof *slots);
    for (uint32_t old = 0; met->slots && old <= met->mask; old++) {
        if (met->slots[old].number < 0)
            continue;
        uint32_t place = met->slots[old].hash & (size - 1);
        while (slots[place].number >= 0)
            place = (place + 1) & (size - 1);
        slots[place] = met->slots[old];
    }
    free(met->slots);
    met->slots = slots;
    met->mask = size - 1;
    return 0;
}

/* Returns the number of a text; a new text is stored and gets the next number. */
static int32_t number_of(struct met *met, struct text text, const uint8_t *data, int32_t *starts, int32_t *sizes)
{
    uint32_t hash = hash_of(text), place = hash & met->mask;
    for (; met->slots[place].number >= 0; place = (place + 1) & met->mask) {
        const struct slot *slot = met->slots + place;
        if (slot->hash == hash && slot->text.size == text.size && !memcmp(slot->text.at, text.at, (size_t)text.size))
            return slot->number;
    }
    int32_t number = met->count++;
    starts[number] = (int32_t)(text.at - data);
    sizes[number] = text.size;
    met->slots[place] = (struct slot){hash, number, text};
    if (met->count <= (int32_t)(met->mask / 2))
        return number;
    return make_room(met) ? NO_MEMORY : number;
}

int64_t number_texts(const uint8_t *data, const int32_t *offsets, int64_t rows, int32_t separator, int32_t *numbers,
                     int32_t *ends, int32_t *starts, int32_t *sizes)
{
    struct met met = {0};
    int32_t count = 0;
    if (make_room(&met))
        return NO_MEMORY;
    ends[0] = 0;
    for (int64_t row = 0; row < rows; row++) {
        const uint8_t *at = data + offsets[row], *end = data + offsets[row + 1];
        int more = separator < 0 || at < end; /* an empty cell is one empty text, but no words */
        while (more) {
            const uint8_t *cut = separator < 0 ? NULL : memchr(at, separator, (size_t)(end - at));
            struct text text = {at, (int32_t)((cut ? cut : end) - at)};
            numbers[count] = number_of(&met, text, data, starts, sizes);
            if (numbers[count++] == NO_MEMORY) {
                free(met.slots);
                return NO_MEMORY;
            }
            more = cut != NULL;
            at = cut + more;
        }
        ends[row + 1] = count;
    }
    free(met.slots);
    return met.count;
}

void gather_texts(const uint8_t *data, const int32_t *starts, const int32_t *sizes, int64_t count, uint8_t *texts)
{
    for (int64_t number = 0; number < count; number++) {
        memcpy(texts, data + starts[number], (size_t)sizes[number]);
        texts += sizes[number];
    }
}

/* ---- Words of rows ----------------------------------------------------------------------------------------------- */

int64_t join_words(const struct column *columns, int64_t count, int64_t rows, const int32_t *criteria,
                   int64_t all_criteria, int32_t *words, int32_t *at, int32_t *ends, uint8_t *again)
{
    int32_t next = 0;
    int32_t *last = malloc((size_t)(all_criteria + 1) * sizeof *last); /* the last word on each criterion, plus one */
    if (!last)
        return NO_MEMORY;
    memset(last, 0, (size_t)(all_criteria + 1) * sizeof *last);
    ends[0] = 0;
    for (int64_t row = 0; row < rows; row++) {
        for (const struct column *column = columns; column < columns + count; column++) {
            for (int32_t place = column->ends[row]; place < column->ends[row + 1]; place++, next++) {
                int32_t word = column->numbers[place] + (int32_t)column->first, criterion = criteria[word];
                words[next] = word;
                at[next] = (int32_t)row;
                again[next] = 0;
                if (criterion < 0)
                    continue;
                if (last[criterion] > ends[row])
                    again[last[criterion] - 1] = again[next] = 1;
                last[criterion] = next + 1;
            }
        }
        ends[row + 1] = next;
    }
    free(last);
    return next;
}

/* ---- Rules ------------------------------------------------------------------------------------------------------- */

/* What a team requires of a criterion; rank -1 means absent or not wanted, so the criterion is not needed. `stated` is
   the rank without rules, `needed` the highest rank of its members, `named` whether the team requires one of them. */
struct required {
    int32_t cell;
    int16_t rank, stated, needed, named;
};

enum { RECENT = 4096 };

/* The current team; `fired` lists the rules that fired, ending with -1; `possible` is the set of those that may.
   `recent` outlives the team: it says where the changes were found that were looked up last. */
struct team {
    struct required *of;
    int32_t *fired, *stack, *recent;
    uint64_t *possible;
};

static int16_t larger(int16_t one, int16_t other)
{
    return one > other ? one : other;
}

/* Returns the highest rank that a condition in reverse Polish notation allows; 0 if it does not hold. */
static int32_t allowed(const struct rules *rules, int32_t rule, const struct team *team, const struct table *table,
                       int64_t row)
{
    const int32_t highest = (int32_t)rules->highest;
    int32_t *top = team->stack;
    for (int32_t at = rules->code_ends[rule]; at < rules->code_ends[rule + 1]; at += 2) {
        int32_t of = rules->code[at + 1];
        switch (rules->code[at]) {
        case NEEDED:
            *top++ = larger(team->of[of].rank, team->of[of].needed);
            break;
        case STATED:
            *top++ = team->of[of].stated > 0 || team->of[of].named ? highest : 0;
            break;
        case NOT_STATED:
            *top++ = team->of[of].stated > 0 || team->of[of].named ? 0 : highest;
            break;
        case FLAG:
            *top++ = table->flags[of * table->rows + row] ? highest : 0;
            break;
        case LEAST:
            for (; of > 1; of--) {
                top--;
                top[-1] = top[0] < top[-1] ? top[0] : top[-1];
            }
            break;
        case MOST:
            for (; of > 1; of--) {
                top--;
                top[-1] = top[0] > top[-1] ? top[0] : top[-1];
            }
        }
    }
    return team->stack[0];
}

/* Returns the index of a key among the changes, or -1. A few hundred keys make up most of the look-ups. */
static int64_t place_of(const struct changes *changes, int64_t key, int32_t *recent)
{
    int64_t place = recent[key % RECENT];
    if (place < changes->count && changes->keys[place] == key)
        return place;
    place = 0;
    for (int64_t left = changes->count; left > 1;) {
        int64_t half = left / 2;
        place += changes->keys[place + half] <= key ? half : 0;
        left -= half;
    }
    if (!changes->count || changes->keys[place] != key)
        return -1;
    recent[key % RECENT] = (int32_t)place;
    return place;
}

static void let_in(const struct rules *rules, uint64_t *possible, const uint64_t *sets, int64_t of)
{
    for (int64_t set = 0; set < rules->sets; set++)
        possible[set] |= sets[of * rules->sets + set];
}

/* A criterion is needed if one of its members is. */
static void need(const struct rules *rules, int32_t parent, int16_t rank, struct team *team)
{
    if (parent < 0)
        return;
    team->of[parent].needed = larger(team->of[parent].needed, rank);
    let_in(rules, team->possible, rules->by_criterion, parent);
}

/* Applies the implications of a rule that fires at a rank; returns FINE, or the key of an unknown change. */
static int64_t imply(const struct rules *rules, int32_t rule, int32_t rank, const struct changes *changes,
                     struct team *team, uint8_t *alone)
{
    for (int32_t part = rules->part_ends[rule]; part < rules->part_ends[rule + 1]; part++) {
        int32_t own = rules->part_ranks[part] < rank ? rules->part_ranks[part] : rank;
        struct required *of = team->of + rules->part_of[part];
        int64_t key = (of->cell * rules->parts + part) * (rules->highest + 1) + own;
        int64_t change = place_of(changes, key, team->recent);
        if (change < 0)
            return key;
        if (of->cell != changes->cells[change]) {
            of->cell = changes->cells[change];
            *alone |= rules->computed[rules->part_of[part]];
        }
        if (!changes->refused[change] && of->rank < own) {
            of->rank = (int16_t)own;
            let_in(rules, team->possible, rules->by_criterion, rules->part_of[part]);
            need(rules, rules->part_parents[part], (int16_t)own, team);
        }
    }
    return FINE;
}

static int64_t fire(const struct rules *rules, const struct changes *changes, struct team *team,
                    const struct table *table, int64_t row, uint8_t *alone)
{
    int64_t missing = FINE;
    int32_t fired = 0;
    for (int32_t set = 0; set < rules->sets; set++) {
        uint64_t left = ~UINT64_C(0), next;
        while (missing == FINE && (next = team->possible[set] & left)) {
            int32_t place = __builtin_ctzll(next), rule = 64 * set + place;
            left = ~UINT64_C(1) << place;
            int32_t rank = allowed(rules, rule, team, table, row);
            if (!rank)
                continue;
            team->fired[fired++] = rule;
            missing = imply(rules, rule, rank, changes, team, alone);
        }
    }
    team->fired[fired] = -1;
    return missing;
}

/* Returns whether a favouring rule counts: not if a criterion whose facts it uses is itself required or refused. */
static int counts(const struct rules *rules, int32_t rule, const struct team *team)
{
    for (int32_t at = rules->judged_ends[rule]; at < rules->judged_ends[rule + 1]; at++)
        if (team->of[rules->judged[at]].rank || team->of[rules->judged[at]].needed)
            return 0;
    return rules->judged_ends[rule] < rules->judged_ends[rule + 1];
}

static void add(struct outcome *out, int32_t cell)
{
    out->added_rows[out->added] = (int32_t)out->row;
    out->added_cells[out->added++] = cell;
}

static void take_in(const struct rules *rules, const struct table *table, int64_t row, struct team *team)
{
    for (int32_t word = table->ends[row]; word < table->ends[row + 1]; word++) {
        int32_t cell = table->cells[word], criterion = table->criteria[cell], parent = table->parents[cell];
        int16_t rank = (int8_t)table->ranks[cell];
        if (parent >= 0 && rank > 0) {
            need(rules, parent, rank, team);
            team->of[parent].named = 1;
        }
        if (criterion < 0)
            continue;
        struct required *of = team->of + criterion;
        *of = (struct required){cell, rank, rank, of->needed, of->named};
        let_in(rules, team->possible, rules->by_criterion, criterion);
    }
}

/* Clears what is known about members of a criterion. */
static void forget(struct team *team, int32_t parent)
{
    if (parent >= 0)
        team->of[parent].needed = team->of[parent].named = 0;
}

/* Stores what rules added to the team, each criterion once, and clears it for the next team. */
static void put_added(const struct rules *rules, const int32_t *favouring, struct team *team, struct outcome *out)
{
    for (const int32_t *rule = team->fired; *rule >= 0; rule++)
        if (counts(rules, *rule, team))
            add(out, favouring[*rule]);
    for (const int32_t *rule = team->fired; *rule >= 0; rule++) {
        for (int32_t part = rules->part_ends[*rule]; part < rules->part_ends[*rule + 1]; part++) {
            struct required *of = team->of + rules->part_of[part];
            forget(team, rules->part_parents[part]);
            if (of->stated)
                continue;
            if (of->rank)
                add(out, of->cell);
            *of = (struct required){0};
        }
    }
}

/* Stores the cells of the team's words, each on a different criterion or on none, and clears them for the next team. */
static void put_stated(const struct table *table, struct team *team, struct outcome *out)
{
    for (int32_t word = table->ends[out->row]; word < table->ends[out->row + 1]; word++) {
        int32_t cell = table->cells[word], criterion = table->criteria[cell];
        forget(team, table->parents[cell]);
        if (criterion >= 0) {
            cell = team->of[criterion].cell;
            team->of[criterion] = (struct required){0};
        }
        out->cells[word] = cell;
    }
}

void let_in_by_flags(const struct rules *rules, const struct table *table, uint64_t *possible)
{
    for (int64_t row = 0; row < table->rows; row++)
        memcpy(possible + row * rules->sets, rules->anywhere, (size_t)rules->sets * sizeof *possible);
    for (int64_t flag = 0; flag < rules->flags; flag++) {
        const uint8_t *first = table->flags + flag * table->rows, *end = first + table->rows, *at = first;
        while ((at = memchr(at, 1, (size_t)(end - at))))
            let_in(rules, possible + (at++ - first) * rules->sets, rules->by_flag, flag);
    }
}

int64_t fire_rules(const struct rules *rules, const struct changes *changes, const int32_t *favouring,
                   const struct table *table, struct outcome *out)
{
    int64_t missing = FINE;
    struct team team = {.of = calloc((size_t)rules->criteria + 1, sizeof *team.of)};
    team.fired = malloc((size_t)(rules->count + 1 + rules->depth + 1) * sizeof *team.fired);
    team.stack = team.fired + rules->count + 1;
    team.recent = calloc(RECENT, sizeof *team.recent);
    if (!team.of || !team.fired || !team.recent)
        missing = NO_MEMORY;
    for (; missing == FINE && out->row < table->rows; out->row++) {
        if (out->added + rules->parts + rules->count > out->room) {
            missing = NO_ROOM;
            break;
        }
        team.possible = out->possible + out->row * rules->sets;
        take_in(rules, table, out->row, &team);
        missing = fire(rules, changes, &team, table, out->row, out->alone + out->row);
        if (missing != FINE)
            break;
        put_added(rules, favouring, &team, out);
        put_stated(table, &team, out);
    }
    free(team.of);
    free(team.fired);
    free(team.recent);
    return missing;
}

/* ---- Sums -------------------------------------------------------------------------------------------------------- */

void sort_entries(const int32_t *rows, const int32_t *cells, int64_t entries, int64_t teams, int32_t *sorted_rows,
                  int32_t *sorted_cells, int32_t *ends)
{
    /* `ends[row + 1]` is first the number of entries of a row, then the index of its first one, and finally its end. */
    memset(ends, 0, (size_t)(teams + 1) * sizeof *ends);
    for (int64_t entry = 0; entry < entries; entry++)
        ends[rows[entry] + 1]++;
    int32_t before = 0;
    for (int64_t row = 0; row < teams; row++) {
        int32_t count = ends[row + 1];
        ends[row + 1] = before;
        before += count;
    }
    for (int64_t entry = 0; entry < entries; entry++) {
        int32_t place = ends[rows[entry] + 1]++;
        sorted_rows[place] = rows[entry];
        sorted_cells[place] = cells[entry];
    }
}

enum { AT_ONCE = 8 }; /* rows; eight doubles fill a cache line */

int64_t add_up(const int32_t *ends, const int32_t *cells, int64_t teams, const double *numbers, int64_t width,
               double *sums)
{
    /* Sums are computed for a few rows in a small buffer, where those of a row are adjacent, and then transposed. */
    double *restrict some = malloc((size_t)(AT_ONCE * width) * sizeof *some);
    if (!some)
        return NO_MEMORY;
    for (int64_t first = 0; first < teams; first += AT_ONCE) {
        int64_t count = teams - first < AT_ONCE ? teams - first : AT_ONCE;
        memset(some, 0, (size_t)(AT_ONCE * width) * sizeof *some);
        for (int64_t row = 0; row < count; row++) {
            double *restrict sum = some + row * width;
            for (int32_t entry = ends[first + row]; entry < ends[first + row + 1]; entry++) {
                const double *restrict own = numbers + cells[entry] * width;
                for (int64_t column = 0; column < width; column++)
                    sum[column] += own[column];
            }
        }
        for (int64_t column = 0; column < width; column++)
            for (int64_t row = 0; row < count; row++)
                sums[column * teams + first + row] = some[row * width + column];
    }
    free(some);
    return teams;
}

/* ---- Lists of codes ---------------------------------------------------------------------------------------------- */

int64_t list_codes(const struct code_table *table, const int32_t *ends, const int32_t *cells, int64_t teams,
                   const int64_t *starts, int32_t *code_ends, int32_t *codes)
{
    /* The codes of a row are a set of bits. Reading it from the first bit on gives them in order and without
       duplicates, and compares none: sorting short lists is mostly waiting for mispredicted branches. Bit b of
       `filled` says whether word b of `set` has any bit. */
    int64_t words = table->codes / 64 + 1, result = teams;
    uint64_t *set = calloc((size_t)(words + words / 64 + 1), sizeof *set), *filled = set + words;
    int64_t *next = malloc((size_t)(table->lists + 1) * sizeof *next);
    if (!set || !next)
        result = NO_MEMORY;
    for (int64_t list = 0; result >= 0 && list < table->lists; list++) {
        next[list] = starts[list];
        code_ends[list * (teams + 1)] = 0;
    }
    for (int64_t row = 0; result != NO_MEMORY && row < teams; row++) {
        for (int32_t entry = ends[row]; entry < ends[row + 1]; entry++) {
            for (int32_t at = table->begins[cells[entry]]; at < table->begins[cells[entry] + 1]; at++) {
                int32_t code = table->places[at];
                set[code >> 6] |= UINT64_C(1) << (code & 63);
                filled[code >> 12] |= UINT64_C(1) << (code >> 6 & 63);
            }
        }
        for (int64_t part = 0; part <= words / 64; part++) {
            for (; filled[part]; filled[part] &= filled[part] - 1) {
                int64_t word = 64 * part + __builtin_ctzll(filled[part]);
                for (; set[word]; set[word] &= set[word] - 1) {
                    int64_t code = 64 * word + __builtin_ctzll(set[word]), place = next[table->list_of[code]]++;
                    if (place < starts[table->list_of[code] + 1])
                        codes[place] = table->words[code];
                    else
                        result = NO_ROOM;
                }
            }
        }
        for (int64_t list = 0; list < table->lists; list++)
            code_ends[list * (teams + 1) + row + 1] = (int32_t)(next[list] - starts[list]);
    }
    free(set);
    free(next);
    return result;
}
