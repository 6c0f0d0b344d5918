/*
 * plan-driver: runs transfer plans made by hand over plain buffers, and says what did not come out as it should.
 *
 *   plan-driver GROUP            one group of checks; ends with 1 where one failed
 *   plan-driver damaged N SEED   N damaged copies of a plan with everything in it
 *   plan-driver speed            prints how long things took, in microseconds
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plan.h"

static int expectations;
static int failures;

#define EXPECT(condition) expect((condition) ? 1 : 0, __LINE__, #condition)

static void expect(int holds, int line, const char *text) {
  expectations++;
  if (holds) return;
  failures++;
  printf("line %d: %s\n", line, text);
}

/* ---- A plan on its way to its bytes -------------------------------------------------------------------------- */

#define MOST 64

typedef struct draft {
  plan_header_t header;
  plan_operation_t operations[MOST];
  plan_piece_t pieces[2048];
  plan_piece_t starts[MOST];
  plan_function_t functions[MOST];
  plan_constant_t constants[MOST];
  plan_value_t values[MOST];
} draft_t;

static draft_t *new_draft(uint64_t old_size) {
  draft_t *draft = calloc(1, sizeof *draft);
  if (draft == NULL) abort();
  draft->header = (plan_header_t){.magic = PLAN_MAGIC, .version = PLAN_VERSION, .old_size = old_size};
  return draft;
}

static plan_operation_t *add(draft_t *draft, plan_operation_t operation) {
  plan_operation_t *place = &draft->operations[draft->header.operations++];
  *place = operation;
  return place;
}

static void add_copy(draft_t *draft, uint64_t from, uint64_t to, uint64_t count) {
  add(draft, (plan_operation_t){.code = PLAN_COPY, .check = PLAN_NO_CHECK, .from = from, .to = to, .count = count});
}

static void add_loop(draft_t *draft, uint64_t count, uint64_t a, uint64_t b, uint32_t body) {
  add(draft, (plan_operation_t){
                 .code = PLAN_LOOP, .check = PLAN_NO_CHECK, .count = count, .a = a, .b = b, .body = body});
}

/* Gives the operation a check of its own. */
static uint32_t add_checked(draft_t *draft, plan_operation_t operation) {
  operation.check = draft->header.checks++;
  add(draft, operation);
  return operation.check;
}

static void add_piece(draft_t *draft, plan_piece_t piece) {
  if (piece.count == 0) piece.count = 1;
  if (piece.count > 1) draft->header.strided++;
  draft->pieces[draft->header.pieces++] = piece;
}

static void add_start(draft_t *draft, plan_piece_t start) {
  if (start.count == 0) start.count = 1;
  draft->starts[draft->header.starts++] = start;
}

static unsigned char *bytes_of(const draft_t *draft, size_t *size) {
  const plan_header_t *header = &draft->header;
  const struct part {
    const void *bytes;
    size_t size;
  } parts[] = {{header, sizeof *header},
               {draft->operations, header->operations * sizeof draft->operations[0]},
               {draft->pieces, header->pieces * sizeof draft->pieces[0]},
               {draft->starts, header->starts * sizeof draft->starts[0]},
               {draft->functions, header->functions * sizeof draft->functions[0]},
               {draft->constants, header->constants * sizeof draft->constants[0]},
               {draft->values, header->values * sizeof draft->values[0]}};
  *size = 0;
  for (size_t n = 0; n < sizeof parts / sizeof parts[0]; n++) *size += parts[n].size;
  unsigned char *bytes = malloc(*size);
  if (bytes == NULL) abort();
  size_t at = 0;
  for (size_t n = 0; n < sizeof parts / sizeof parts[0]; n++) {
    memcpy(bytes + at, parts[n].bytes, parts[n].size);
    at += parts[n].size;
  }
  return bytes;
}

static plan_t *read_draft(draft_t *draft) {
  size_t size;
  unsigned char *bytes = bytes_of(draft, &size);
  plan_t *plan = plan_read(bytes, size);
  free(bytes);
  free(draft);
  return plan;
}

/* Whether it is taken for a plan, and for one of images of these sizes. */
static bool is_taken(draft_t *draft, uint64_t old_size, uint64_t new_size) {
  plan_t *plan = read_draft(draft);
  bool taken = plan != NULL && plan_fits(plan, old_size, new_size);
  plan_free(plan);
  return taken;
}

/* ---- Two images and what came of a plan between them ---------------------------------------------------------- */

typedef struct bench {
  unsigned char *old;
  unsigned char *now;
  size_t old_size;
  size_t new_size;
  plan_images_t images;
  plan_t *plan;
  plan_finding_t findings[MOST];
  bool keeps_old;
} bench_t;

static bench_t open_bench(size_t old_size, size_t new_size) {
  bench_t bench = {.old = calloc(1, old_size), .now = malloc(new_size), .old_size = old_size, .new_size = new_size};
  if (bench.old == NULL || bench.now == NULL) abort();
  memset(bench.now, 0xee, new_size);
  bench.images = (plan_images_t){.old_base = (uintptr_t)bench.old, .new_base = (uintptr_t)bench.now};
  return bench;
}

/* Looks, then carries out. The draft is used up. */
static void run(bench_t *bench, draft_t *draft) {
  bench->plan = read_draft(draft);
  EXPECT(bench->plan != NULL);
  if (bench->plan == NULL) exit(1);
  EXPECT(plan_fits(bench->plan, bench->old_size, bench->new_size));
  unsigned char *before = malloc(bench->new_size);
  if (before == NULL) abort();
  memcpy(before, bench->now, bench->new_size);
  plan_check(bench->plan, &bench->images, bench->findings);
  EXPECT(memcmp(before, bench->now, bench->new_size) == 0);
  free(before);
  plan_apply(bench->plan, &bench->images, &bench->keeps_old);
}

static void close_bench(bench_t *bench) {
  plan_free(bench->plan);
  free(bench->old);
  free(bench->now);
}

static uintptr_t word_at(const unsigned char *bytes, size_t offset) {
  uintptr_t word;
  memcpy(&word, bytes + offset, sizeof word);
  return word;
}

static void put_word(unsigned char *bytes, size_t offset, uintptr_t word) { memcpy(bytes + offset, &word, sizeof word); }

static uintptr_t old_at(const bench_t *bench, size_t offset) { return (uintptr_t)bench->old + offset; }
static uintptr_t new_at(const bench_t *bench, size_t offset) { return (uintptr_t)bench->now + offset; }

static uint64_t kind_of(plan_number_t number, unsigned width, unsigned first_bit) {
  return (uint64_t)number | (uint64_t)width << 4 | (uint64_t)first_bit << 12;
}

/* ---- Groups --------------------------------------------------------------------------------------------------- */

static void check_copies(void) {
  for (size_t count = 0; count <= 40; count++) {
    bench_t bench = open_bench(64, 64);
    for (size_t n = 0; n < 64; n++) bench.old[n] = (unsigned char)(n + 1);
    draft_t *draft = new_draft(64);
    add_copy(draft, 3, 5, count);
    run(&bench, draft);
    EXPECT(memcmp(bench.now + 5, bench.old + 3, count) == 0);
    EXPECT(bench.now[4] == 0xee && bench.now[5 + count] == 0xee);
    EXPECT(!bench.keeps_old);
    close_bench(&bench);
  }
}

/* struct {int a; int b;} [3][4] becomes struct {char new; int b; int a;} [3][4]. */
static void check_loops(void) {
  int old[3][4][2];
  for (int n = 0; n < 24; n++) (&old[0][0][0])[n] = 1000 + n;
  bench_t bench = open_bench(sizeof old, 3 * 4 * 12);
  memcpy(bench.old, old, sizeof old);
  draft_t *draft = new_draft(sizeof old);
  add_loop(draft, 3, 32, 48, 3);
  add_loop(draft, 4, 8, 12, 2);
  add_copy(draft, 0, 8, 4);
  add_copy(draft, 4, 4, 4);
  run(&bench, draft);
  for (int n = 0; n < 12; n++) {
    int a, b;
    memcpy(&a, bench.now + n * 12 + 8, sizeof a);
    memcpy(&b, bench.now + n * 12 + 4, sizeof b);
    EXPECT(a == 1000 + 2 * n && b == 1001 + 2 * n);
    EXPECT(bench.now[n * 12] == 0xee);
  }
  close_bench(&bench);

  /* Which element it was is counted through all of them. */
  bench = open_bench(sizeof old, 8);
  draft = new_draft(sizeof old);
  add_loop(draft, 3, 32, 0, 2);
  add_loop(draft, 4, 8, 0, 1);
  add_checked(draft, (plan_operation_t){
                         .code = PLAN_ENUM, .flags = PLAN_MUST_KNOW, .count = 1, .a = kind_of(PLAN_SIGNED, 32, 0),
                         .b = kind_of(PLAN_SIGNED, 32, 0)});
  draft->values[draft->header.values++] = (plan_value_t){1000, 1000};
  for (size_t n = 0; n < 12; n++) memcpy(bench.old + n * 8, &(int){n == 6 ? 7 : 1000}, sizeof(int));
  run(&bench, draft);
  EXPECT(bench.findings[0].count == 1 && bench.findings[0].round == 6 && bench.findings[0].value == 7);
  close_bench(&bench);

  /* A loop of no rounds does nothing, and says nothing about what lies behind it. */
  bench = open_bench(8, 8);
  draft = new_draft(8);
  add_loop(draft, 0, 8, 8, 1);
  add_copy(draft, 0, 0, 8);
  add_copy(draft, 0, 0, 1);
  run(&bench, draft);
  EXPECT(bench.now[0] == 0 && bench.now[1] == 0xee);
  close_bench(&bench);
}

/* One number from one kind to another; what it became is in *to, 16 bytes. True where it fitted. */
static bool convert(uint64_t from_kind, const void *from, size_t from_size, uint64_t to_kind, unsigned char *to) {
  bench_t bench = open_bench(16, 16);
  memcpy(bench.old, from, from_size);
  draft_t *draft = new_draft(16);
  add_checked(draft, (plan_operation_t){.code = PLAN_CONVERT, .a = from_kind, .b = to_kind});
  run(&bench, draft);
  memcpy(to, bench.now, 16);
  bool fits = bench.findings[0].count == 0;
  close_bench(&bench);
  return fits;
}

static uint64_t random_state = 1;

static uint64_t random_bits(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

__extension__ typedef __int128 wide_t;

/* Bit n of a row of bytes, the lowest bit of the first byte being 0. */
static unsigned bit_at(const unsigned char *bytes, unsigned n) { return bytes[n / 8] >> (n % 8) & 1; }

static wide_t slow_read(const unsigned char *bytes, bool is_signed, unsigned width, unsigned first) {
  wide_t value = 0;
  for (unsigned n = 0; n < width; n++) value |= (wide_t)bit_at(bytes, first + n) << n;
  bool negative = is_signed && bit_at(bytes, first + width - 1);
  return negative ? value - ((wide_t)1 << width) : value;
}

/* Every kind of integer into every other, bit-fields at any bit, against arithmetic with more bits than either has. */
static void check_integers(void) {
  for (int round = 0; round < 20000; round++) {
    uint64_t choice = random_bits();
    bool from_signed = choice & 1;
    bool to_signed = choice & 2;
    unsigned from_width = 1 + (unsigned)(choice >> 8) % 64;
    unsigned to_width = 1 + (unsigned)(choice >> 16) % 64;
    unsigned from_first = (unsigned)(choice >> 24) % 8;
    unsigned to_first = (unsigned)(choice >> 32) % 8;
    uint64_t bits[2] = {random_bits(), random_bits()};
    /* Half of them small, or hardly any would fit. */
    if (choice & 4) bits[0] &= 0xff;
    unsigned char to[16];
    unsigned char from[16];
    memcpy(from, bits, sizeof from);
    wide_t value = slow_read(from, from_signed, from_width, from_first);
    wide_t highest = ((wide_t)1 << (to_signed ? to_width - 1 : to_width)) - 1;
    wide_t lowest = to_signed ? -highest - 1 : 0;
    wide_t nearest = value > highest ? highest : value < lowest ? lowest : value;
    bool fits = convert(kind_of(from_signed ? PLAN_SIGNED : PLAN_UNSIGNED, from_width, from_first), from, sizeof from,
                        kind_of(to_signed ? PLAN_SIGNED : PLAN_UNSIGNED, to_width, to_first), to);
    EXPECT(fits == (nearest == value));
    EXPECT(slow_read(to, to_signed, to_width, to_first) == nearest);
    /* What lies around a bit-field is not touched: 0xee is 11101110. */
    for (unsigned n = 0; n < 128; n++) {
      if (n >= to_first && n < to_first + to_width) continue;
      EXPECT(bit_at(to, n) == (0xeeu >> (n % 8) & 1));
    }
    if (failures > 10) return;
  }
}

static void check_floats(void) {
  const uint64_t single = kind_of(PLAN_FLOAT, 32, 0);
  const uint64_t twice = kind_of(PLAN_FLOAT, 64, 0);
  const uint64_t most = kind_of(PLAN_FLOAT, 80, 0);
  const uint64_t whole = kind_of(PLAN_SIGNED, 32, 0);
  unsigned char to[16];
  float f;
  double d;
  long double l = 0;
  int32_t i;
  const struct {
    double value;
    int32_t result;
    bool fits;
  } to_whole[] = {{0, 0, true},          {-0.0, 0, true},         {7, 7, true},       {-7, -7, true},
                  {1.5, 1, false},       {-1.5, -1, false},       {0.25, 0, false},   {2147483647.0, INT32_MAX, true},
                  {-2147483648.0, INT32_MIN, true}, {2147483648.0, INT32_MAX, false}, {-2147483649.0, INT32_MIN, false},
                  {1e300, INT32_MAX, false}, {-1e300, INT32_MIN, false}, {INFINITY, INT32_MAX, false},
                  {-INFINITY, INT32_MIN, false}, {NAN, 0, false}};
  for (size_t n = 0; n < sizeof to_whole / sizeof to_whole[0]; n++) {
    bool fits = convert(twice, &to_whole[n].value, 8, whole, to);
    memcpy(&i, to, sizeof i);
    EXPECT(fits == to_whole[n].fits && i == to_whole[n].result);
  }
  /* Precision may be lost; a value may not become an infinity; infinities and NaN stay what they are. */
  d = 0.1;
  EXPECT(convert(twice, &d, 8, single, to));
  memcpy(&f, to, sizeof f);
  EXPECT(f == 0.1f && to[4] == 0xee);
  d = 1e300;
  EXPECT(!convert(twice, &d, 8, single, to));
  d = INFINITY;
  EXPECT(convert(twice, &d, 8, single, to));
  d = NAN;
  EXPECT(convert(twice, &d, 8, single, to));
  memcpy(&f, to, sizeof f);
  EXPECT(isnan(f));
  f = -2.5f;
  EXPECT(convert(single, &f, 4, twice, to));
  memcpy(&d, to, sizeof d);
  EXPECT(d == -2.5);
  l = LDBL_MAX;
  EXPECT(convert(most, &l, sizeof l, twice, to) == (sizeof l == 8));
  d = DBL_MAX;
  EXPECT(convert(twice, &d, 8, most, to));
  memset(&l, 0, sizeof l);
  memcpy(&l, to, sizeof l < 10 ? sizeof l : 10);
  EXPECT(l == DBL_MAX);
  int64_t wide = INT64_MIN;
  EXPECT(convert(kind_of(PLAN_SIGNED, 64, 0), &wide, 8, twice, to));
  memcpy(&d, to, sizeof d);
  EXPECT(d == -9223372036854775808.0);
  uint64_t large = UINT64_MAX;
  EXPECT(convert(kind_of(PLAN_UNSIGNED, 64, 0), &large, 8, most, to));
  /* 2^64 is one too many, the largest double below it is not. */
  d = 18446744073709551616.0;
  EXPECT(!convert(twice, &d, 8, kind_of(PLAN_UNSIGNED, 64, 0), to));
  d = 18446744073709549568.0;
  EXPECT(convert(twice, &d, 8, kind_of(PLAN_UNSIGNED, 64, 0), to));
  memcpy(&large, to, sizeof large);
  EXPECT(large == 18446744073709549568u);
}

static void check_truth(void) {
  const uint64_t truth = kind_of(PLAN_BOOLEAN, 8, 0);
  const uint64_t whole = kind_of(PLAN_SIGNED, 32, 0);
  unsigned char to[16];
  int32_t i = 1;
  EXPECT(convert(whole, &i, 4, truth, to) && to[0] == 1 && to[1] == 0xee);
  i = 0;
  EXPECT(convert(whole, &i, 4, truth, to) && to[0] == 0);
  i = 2;
  EXPECT(!convert(whole, &i, 4, truth, to) && to[0] == 1);
  unsigned char yes = 1;
  EXPECT(convert(truth, &yes, 1, whole, to));
  memcpy(&i, to, sizeof i);
  EXPECT(i == 1);
}

static void check_enumerations(void) {
  bench_t bench = open_bench(32, 32);
  const int32_t old[] = {1, 2, -3, 99};
  memcpy(bench.old, old, sizeof old);
  draft_t *draft = new_draft(32);
  draft->values[0] = (plan_value_t){1, 2};
  draft->values[1] = (plan_value_t){2, 1};
  draft->values[2] = (plan_value_t){-3, -4};
  draft->header.values = 3;
  plan_operation_t one = {.code = PLAN_ENUM,
                          .flags = PLAN_MUST_KNOW,
                          .count = 3,
                          .a = kind_of(PLAN_SIGNED, 32, 0),
                          .b = kind_of(PLAN_SIGNED, 16, 0)};
  add_loop(draft, 4, 4, 2, 1);
  add_checked(draft, one);
  one.flags = 0;
  one.from = 12;
  one.to = 16;
  add_checked(draft, one);
  run(&bench, draft);
  int16_t now[4];
  memcpy(now, bench.now, sizeof now);
  EXPECT(now[0] == 2 && now[1] == 1 && now[2] == -4 && now[3] == 99);
  EXPECT(bench.findings[0].count == 1 && bench.findings[0].value == 99 && bench.findings[0].round == 3);
  EXPECT(bench.findings[1].count == 0);
  close_bench(&bench);
}

static void check_dropped(void) {
  bench_t bench = open_bench(64, 8);
  memset(bench.old, 0, 64);
  bench.old[40] = 1;
  draft_t *draft = new_draft(64);
  add_checked(draft, (plan_operation_t){.code = PLAN_MUST_BE_ZERO, .from = 0, .count = 40});
  add_checked(draft, (plan_operation_t){.code = PLAN_MUST_BE_ZERO, .from = 1, .count = 40});
  add_checked(draft, (plan_operation_t){.code = PLAN_MUST_BE_ZERO, .from = 40, .count = 0});
  add_checked(draft, (plan_operation_t){.code = PLAN_MUST_BE_ZERO, .from = 40, .count = 1});
  run(&bench, draft);
  EXPECT(bench.findings[0].count == 0 && bench.findings[1].count == 1);
  EXPECT(bench.findings[2].count == 0 && bench.findings[3].count == 1);
  close_bench(&bench);
}

/* Bytes 16 to 32 are in the snapshot (.data), what follows is not (.bss). */
static void check_initial_values(void) {
  unsigned char initial[16];
  for (unsigned char n = 0; n < 16; n++) initial[n] = n;
  bench_t bench = open_bench(64, 64);
  memcpy(bench.old + 16, initial, 16);
  bench.old[24] = 77;
  bench.images.initial = initial;
  bench.images.initial_address = 16;
  bench.images.initial_size = 16;
  bench.old[44] = 1;
  draft_t *draft = new_draft(64);
  for (uint64_t at = 16; at < 48; at += 8) {
    add_checked(draft, (plan_operation_t){.code = PLAN_UNLESS_INITIAL, .from = at, .count = 8, .body = 1});
    add_copy(draft, at, at, 8);
  }
  run(&bench, draft);
  EXPECT(bench.findings[0].count == 0 && bench.now[16] == 0xee);
  EXPECT(bench.findings[1].count == 1 && bench.now[24] == 77);
  EXPECT(bench.findings[2].count == 0 && bench.now[32] == 0xee);
  EXPECT(bench.findings[3].count == 1 && bench.now[44] == 1);
  close_bench(&bench);
}

/* Old bytes 0-64 are variables, 64-96 code, 96-128 constants, 128-192 an array at the very end. */
static draft_t *map_of_image(void) {
  draft_t *draft = new_draft(192);
  /* An array of four structs {8 bytes of class 3; 8 bytes of class 5}, whose fields changed places and grew. */
  add_piece(draft, (plan_piece_t){
                       .from = 128, .from_stride = 16, .to = 416, .to_stride = 24, .length = 8, .count = 4, .type = 3});
  add_piece(draft, (plan_piece_t){
                       .from = 136, .from_stride = 16, .to = 400, .to_stride = 24, .length = 8, .count = 4, .type = 5});
  /* A variable of class 3, an array of class 3, and what follows it, of class 4 and far away now. */
  add_piece(draft, (plan_piece_t){.from = 0, .to = 300, .length = 16, .type = 3});
  add_piece(draft, (plan_piece_t){.from = 16, .to = 200, .length = 16, .type = 3, .element = 3});
  add_piece(draft, (plan_piece_t){.from = 32, .to = 100, .length = 16, .type = 4});
  /* An array of class 6 directly before a variable of class 6. */
  add_piece(draft, (plan_piece_t){.from = 48, .to = 20, .length = 8, .type = 6, .element = 6});
  add_piece(draft, (plan_piece_t){.from = 56, .to = 60, .length = 8, .type = 6});
  /* Two classes begin with the third struct; the outer one comes first, whether it is one of many or not. */
  add_start(draft, (plan_piece_t){.from = 160, .to = 490, .type = 9});
  add_start(draft, (plan_piece_t){.from = 128, .from_stride = 16, .to = 400, .to_stride = 24, .count = 4, .type = 9});
  add_start(draft, (plan_piece_t){.from = 144, .to = 495, .type = 9});
  /* Outer before inner: the struct at 16 and the one that begins it went to different places. */
  add_start(draft, (plan_piece_t){.from = 16, .to = 220, .type = 8});
  add_start(draft, (plan_piece_t){.from = 8, .to = 480, .type = 8});
  add_start(draft, (plan_piece_t){.from = 16, .to = 230, .type = 7});
  draft->functions[0] = (plan_function_t){64, 450};
  draft->functions[1] = (plan_function_t){80, 0};
  draft->header.functions = 2;
  draft->constants[0] = (plan_constant_t){96, 32};
  draft->header.constants = 1;
  return draft;
}

static void check_pointers(void) {
  static char outside[32];
  const struct {
    uint32_t type;
    size_t leads_to; /* offset in the old image */
    int64_t result;  /* offset in the new one, or one of those below */
  } pointers[] = {
#define GONE (-1)
#define KEPT (-2)
      {0, 64, 450},   {0, 80, GONE},   {0, 65, GONE},  {0, 96, KEPT},   {0, 127, KEPT}, {3, 0, 300},
      {3, 7, 307},    {0, 15, 315},    {3, 16, 200},   {0, 16, 220},    {7, 16, 230},   {8, 16, 220},   {8, 8, 480},   {0, 8, 480},
      {9, 16, 200},    {9, 160, 490},  {0, 160, 490},   {4, 32, 100},    {0, 32, 100},   {3, 32, 216},
      {6, 48, 20},    {6, 56, GONE},   {0, 56, 60},    {0, 63, 67},     {9, 128, 400},  {9, 144, 424},
      {0, 128, 400},  {3, 128, 416},   {5, 136, 400},  {5, 152, 424},   {0, 141, 405},  {3, 176, 488},
  };
  const size_t count = sizeof pointers / sizeof pointers[0];
  for (size_t n = 0; n < count; n++) {
    bench_t bench = open_bench(192, 512);
    put_word(bench.old, 0, old_at(&bench, pointers[n].leads_to));
    draft_t *draft = map_of_image();
    add_checked(draft, (plan_operation_t){.code = PLAN_POINTER, .to = 8, .count = 1, .type = pointers[n].type});
    run(&bench, draft);
    uintptr_t word = word_at(bench.now, 8);
    uintptr_t expected = pointers[n].result == GONE   ? 0
                         : pointers[n].result == KEPT ? old_at(&bench, pointers[n].leads_to)
                                                      : new_at(&bench, (size_t)pointers[n].result);
    if (word != expected) printf("pointer %zu: new offset %zd\n", n, (ssize_t)(word - (uintptr_t)bench.now));
    EXPECT(word == expected);
    EXPECT((bench.findings[0].count == 1) == (pointers[n].result == GONE));
    EXPECT(bench.findings[0].count == 0 || bench.findings[0].value == pointers[n].leads_to);
    EXPECT(bench.keeps_old == (pointers[n].result == KEPT));
    close_bench(&bench);
  }
  /* What does not lead into the old image is copied, NULL included. */
  bench_t bench = open_bench(192, 512);
  put_word(bench.old, 0, (uintptr_t)outside);
  put_word(bench.old, 16, old_at(&bench, 80));
  put_word(bench.old, 24, old_at(&bench, 0) - 1);
  draft_t *draft = map_of_image();
  add_checked(draft, (plan_operation_t){.code = PLAN_POINTER, .to = 0, .count = 4});
  run(&bench, draft);
  EXPECT(word_at(bench.now, 0) == (uintptr_t)outside && word_at(bench.now, 8) == 0 && word_at(bench.now, 16) == 0);
  EXPECT(word_at(bench.now, 24) == old_at(&bench, 0) - 1);
  EXPECT(bench.findings[0].count == 1 && bench.findings[0].round == 2);
  close_bench(&bench);
}

/* Right behind the image something else may begin: there the class of the pointer must say that it is an array's end. */
static void check_end_of_image(void) {
  for (uint32_t type = 0; type < 3; type++) {
    bench_t bench = open_bench(64, 64);
    put_word(bench.old, 0, old_at(&bench, 64));
    draft_t *draft = new_draft(64);
    add_piece(draft, (plan_piece_t){.from = 32, .to = 8, .length = 32, .type = 1, .element = 2});
    add_checked(draft, (plan_operation_t){.code = PLAN_POINTER, .count = 1, .type = type});
    run(&bench, draft);
    EXPECT(word_at(bench.now, 0) == (type == 2 ? new_at(&bench, 40) : old_at(&bench, 64)));
    EXPECT(bench.findings[0].count == 0);
    close_bench(&bench);
  }
}

static void check_words(void) {
  bench_t bench = open_bench(192, 512);
  put_word(bench.old, 0, 12345);
  put_word(bench.old, 8, old_at(&bench, 64));
  put_word(bench.old, 16, old_at(&bench, 70));
  draft_t *draft = map_of_image();
  add(draft, (plan_operation_t){.code = PLAN_WORDS, .check = PLAN_NO_CHECK, .count = 3});
  add_checked(draft, (plan_operation_t){.code = PLAN_OUTSIDE, .count = 4});
  run(&bench, draft);
  EXPECT(word_at(bench.now, 0) == 12345 && word_at(bench.now, 8) == new_at(&bench, 450));
  EXPECT(word_at(bench.now, 16) == old_at(&bench, 70));
  EXPECT(bench.findings[0].count == 1 && bench.findings[0].value == 12345 && bench.findings[0].round == 0);
  close_bench(&bench);
}

/* A list with a header in the image, a hash table whose first bucket leads to its header, an object with a table. */
static void check_heap(void) {
  uintptr_t node[2];
  uintptr_t buckets[4] = {0};
  uintptr_t object[2] = {7, 0};
  uintptr_t broken[2] = {0};
  bench_t bench = open_bench(192, 512);
  node[0] = node[1] = old_at(&bench, 0);
  buckets[2] = old_at(&bench, 16);
  object[1] = old_at(&bench, 64);
  put_word(bench.old, 0, (uintptr_t)node);
  put_word(bench.old, 16, (uintptr_t)buckets);
  put_word(bench.old, 24, 4);
  put_word(bench.old, 32, (uintptr_t)object);
  put_word(bench.old, 40, (uintptr_t)broken);
  /* An empty list leads to itself, and nothing is written there. */
  put_word(bench.old, 48, old_at(&bench, 48));
  draft_t *draft = map_of_image();
  add(draft, (plan_operation_t){.code = PLAN_FIX, .check = PLAN_NO_CHECK, .from = 0, .a = 0, .b = 0});
  add(draft, (plan_operation_t){.code = PLAN_FIX, .check = PLAN_NO_CHECK, .from = 0, .a = 8, .b = 0});
  add(draft, (plan_operation_t){.code = PLAN_FIX_ARRAY, .check = PLAN_NO_CHECK, .from = 16, .a = 24, .b = 16});
  add_loop(draft, 1, 8, 8, 1);
  add(draft, (plan_operation_t){.code = PLAN_FIX_VPTR, .check = PLAN_NO_CHECK, .from = 32, .a = 8});
  add(draft, (plan_operation_t){.code = PLAN_FIX, .check = PLAN_NO_CHECK, .from = 40, .a = 8, .b = 40});
  add(draft, (plan_operation_t){.code = PLAN_FIX, .check = PLAN_NO_CHECK, .from = 48, .a = 0, .b = 48});
  add(draft, (plan_operation_t){.code = PLAN_FIX, .check = PLAN_NO_CHECK, .from = 56, .a = 0, .b = 56});
  run(&bench, draft);
  EXPECT(node[0] == old_at(&bench, 0));
  plan_fix(bench.plan, &bench.images, false);
  EXPECT(node[0] == new_at(&bench, 300) && node[1] == new_at(&bench, 300));
  EXPECT(buckets[2] == new_at(&bench, 220) && buckets[0] == 0 && buckets[3] == 0);
  EXPECT(object[0] == 7 && object[1] == new_at(&bench, 450));
  EXPECT(broken[0] == 0 && broken[1] == 0 && word_at(bench.old, 48) == old_at(&bench, 48));
  /* On the way back a word that the new version changed is its own again. */
  node[1] = 5;
  plan_fix(bench.plan, &bench.images, true);
  EXPECT(node[0] == old_at(&bench, 0) && node[1] == 5);
  EXPECT(buckets[2] == old_at(&bench, 16) && object[1] == old_at(&bench, 64));
  close_bench(&bench);
}

/* ---- What is no plan ------------------------------------------------------------------------------------------ */

static draft_t *one_copy(void) {
  draft_t *draft = new_draft(64);
  add_copy(draft, 0, 0, 64);
  return draft;
}

static bool is_refused(draft_t *draft, plan_operation_t operation) {
  *draft->operations = operation;
  return !is_taken(draft, 64, 64);
}

static void check_refusals(void) {
  const uint64_t number = kind_of(PLAN_SIGNED, 32, 0);
  const uint64_t far = (uint64_t)1 << 47;
  EXPECT(is_taken(one_copy(), 64, 64));
  EXPECT(!is_taken(one_copy(), 63, 64) && !is_taken(one_copy(), 64, 63));

  size_t size;
  draft_t *draft = one_copy();
  unsigned char *bytes = bytes_of(draft, &size);
  for (size_t shorter = 0; shorter < size; shorter++) EXPECT(plan_read(bytes, shorter) == NULL);
  bytes = realloc(bytes, size + 1);
  if (bytes == NULL) abort();
  EXPECT(plan_read(bytes, size + 1) == NULL);
  free(bytes);
  free(draft);

  draft = one_copy();
  draft->header.magic ^= 1;
  EXPECT(!is_taken(draft, 64, 64));
  draft = one_copy();
  draft->header.version++;
  EXPECT(!is_taken(draft, 64, 64));
  draft = one_copy();
  draft->header.checks = 3;
  EXPECT(!is_taken(draft, 64, 64));
  draft = one_copy();
  draft->header.strided = 1;
  EXPECT(!is_taken(draft, 64, 64));

  const plan_operation_t bad[] = {
      {.code = 0, .check = PLAN_NO_CHECK},
      {.code = 99, .check = PLAN_NO_CHECK},
      {.code = PLAN_COPY, .check = 0, .count = 1},
      {.code = PLAN_COPY, .check = PLAN_NO_CHECK, .from = 1, .count = 64},
      {.code = PLAN_COPY, .check = PLAN_NO_CHECK, .to = 1, .count = 64},
      {.code = PLAN_COPY, .check = PLAN_NO_CHECK, .from = UINT64_MAX, .count = 2},
      {.code = PLAN_COPY, .check = PLAN_NO_CHECK, .count = UINT64_MAX},
      {.code = PLAN_COPY, .check = PLAN_NO_CHECK, .body = 1},
      {.code = PLAN_LOOP, .check = PLAN_NO_CHECK, .count = 1, .body = 1},
      {.code = PLAN_LOOP, .check = PLAN_NO_CHECK, .count = far},
      {.code = PLAN_LOOP, .check = PLAN_NO_CHECK, .count = far, .a = far, .b = far},
      {.code = PLAN_POINTER, .check = PLAN_NO_CHECK, .count = 9},
      {.code = PLAN_WORDS, .check = PLAN_NO_CHECK, .from = 57, .count = 1},
      {.code = PLAN_OUTSIDE, .check = PLAN_NO_CHECK, .from = 57, .count = 1},
      {.code = PLAN_MUST_BE_ZERO, .check = PLAN_NO_CHECK, .count = 65},
      {.code = PLAN_UNLESS_INITIAL, .check = PLAN_NO_CHECK, .count = 65},
      {.code = PLAN_FIX, .check = PLAN_NO_CHECK, .from = 57},
      {.code = PLAN_FIX_ARRAY, .check = PLAN_NO_CHECK, .a = 57},
      {.code = PLAN_FIX_VPTR, .check = PLAN_NO_CHECK, .from = 57},
      {.code = PLAN_CONVERT, .check = PLAN_NO_CHECK, .a = number, .b = 0},
      {.code = PLAN_CONVERT, .check = PLAN_NO_CHECK, .a = kind_of(PLAN_SIGNED, 0, 0), .b = number},
      {.code = PLAN_CONVERT, .check = PLAN_NO_CHECK, .a = kind_of(PLAN_SIGNED, 65, 0), .b = number},
      {.code = PLAN_CONVERT, .check = PLAN_NO_CHECK, .a = kind_of(PLAN_FLOAT, 16, 0), .b = number},
      {.code = PLAN_CONVERT, .check = PLAN_NO_CHECK, .a = kind_of(PLAN_FLOAT, 32, 8), .b = number},
      {.code = PLAN_CONVERT, .check = PLAN_NO_CHECK, .from = 61, .a = number, .b = number},
      {.code = PLAN_CONVERT, .check = PLAN_NO_CHECK, .from = 60, .a = kind_of(PLAN_SIGNED, 32, 1), .b = number},
      {.code = PLAN_CONVERT, .check = PLAN_NO_CHECK, .to = 61, .a = number, .b = number},
      {.code = PLAN_ENUM, .check = PLAN_NO_CHECK, .count = 1, .a = number, .b = number},
      {.code = PLAN_ENUM, .check = PLAN_NO_CHECK, .a = kind_of(PLAN_FLOAT, 32, 0), .b = number},
  };
  for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
    bool refused = is_refused(one_copy(), bad[n]);
    if (!refused) printf("operation %zu was taken\n", n);
    EXPECT(refused);
  }

  /* The last round counts, and so do the loops around a loop. */
  for (uint64_t rounds = 4; rounds <= 5; rounds++) {
    draft = new_draft(64);
    add_loop(draft, 2, 32, 32, 2);
    add_loop(draft, rounds, 8, 8, 1);
    add_copy(draft, 0, 0, 8);
    size_t size;
    unsigned char *bytes = bytes_of(draft, &size);
    plan_t *plan = plan_read(bytes, size);
    EXPECT(plan != NULL && plan_fits(plan, 64, 640) == (rounds == 4));
    EXPECT(plan != NULL && plan_fits(plan, 640, 64) == (rounds == 4));
    plan_free(plan);
    free(bytes);
    free(draft);
  }
  /* Rounds over the same bytes multiply until they never end. */
  draft = new_draft(64);
  for (uint32_t n = 0; n < 8; n++) add_loop(draft, 1000, 0, 0, 8 - n);
  add_copy(draft, 0, 0, 8);
  EXPECT(!is_taken(draft, 64, 64));
  /* One inside the other is checked by calls inside calls. */
  draft = new_draft(64);
  for (uint32_t n = 0; n < 40; n++) add_loop(draft, 1, 1, 1, 40 - n);
  add_copy(draft, 0, 0, 8);
  EXPECT(!is_taken(draft, 64, 64));

  const plan_piece_t bad_pieces[] = {{.from = 8, .length = 8, .count = 0},
                                     {.from = UINT64_MAX, .length = 8, .count = 1},
                                     {.from = 8, .length = UINT64_MAX, .count = 1},
                                     {.from = 0, .length = 8, .count = 1}};
  for (size_t n = 0; n < sizeof bad_pieces / sizeof bad_pieces[0]; n++) {
    draft = one_copy();
    add_piece(draft, (plan_piece_t){.from = 4, .length = 1});
    draft->pieces[draft->header.pieces++] = bad_pieces[n];
    EXPECT(!is_taken(draft, 64, 64));
  }
  draft = one_copy();
  draft->functions[0].from = 2;
  draft->functions[1].from = 1;
  draft->header.functions = 2;
  EXPECT(!is_taken(draft, 64, 64));
}

/* ---- Damage --------------------------------------------------------------------------------------------------- */

static draft_t *everything(void) {
  draft_t *draft = map_of_image();
  draft->values[0] = (plan_value_t){1, 2};
  draft->header.values = 1;
  const uint64_t number = kind_of(PLAN_SIGNED, 32, 3);
  add_copy(draft, 0, 0, 24);
  add_loop(draft, 3, 16, 20, 5);
  add_loop(draft, 2, 8, 10, 2);
  add_copy(draft, 0, 0, 4);
  add_checked(draft, (plan_operation_t){.code = PLAN_CONVERT, .a = number, .b = kind_of(PLAN_FLOAT, 64, 0)});
  add_checked(draft, (plan_operation_t){.code = PLAN_CONVERT, .a = kind_of(PLAN_FLOAT, 80, 0), .b = number});
  add_checked(draft, (plan_operation_t){
                         .code = PLAN_ENUM, .flags = PLAN_MUST_KNOW, .count = 1, .a = number, .b = number});
  add_checked(draft, (plan_operation_t){.code = PLAN_POINTER, .count = 12, .type = 3});
  add(draft, (plan_operation_t){.code = PLAN_WORDS, .check = PLAN_NO_CHECK, .count = 24, .type = 6});
  add_checked(draft, (plan_operation_t){.code = PLAN_MUST_BE_ZERO, .from = 100, .count = 50});
  add_checked(draft, (plan_operation_t){.code = PLAN_UNLESS_INITIAL, .from = 16, .count = 8, .body = 1});
  add_copy(draft, 16, 16, 8);
  add_checked(draft, (plan_operation_t){.code = PLAN_OUTSIDE, .count = 12});
  add(draft, (plan_operation_t){.code = PLAN_FIX_ARRAY, .check = PLAN_NO_CHECK, .from = 160, .a = 168});
  return draft;
}

/* Numbers that matter in a damaged file are small, enormous, or off by one. */
static void damage(unsigned char *bytes, size_t size) {
  uint64_t choice = random_bits();
  size_t at = (size_t)(random_bits() % size);
  uint64_t value = choice % 3 == 0 ? UINT64_MAX >> (random_bits() % 64) : random_bits() % 300;
  if (choice % 5 > 0) bytes[at] = (unsigned char)(choice >> 8);
  else if (at / 8 * 8 + 8 <= size) memcpy(bytes + at / 8 * 8, &value, sizeof value);
}

/* plan_fix is left out: it goes where words in memory lead, which only the guard around it can make safe. */
static void check_damaged(long rounds) {
  draft_t *draft = everything();
  size_t size;
  unsigned char *whole = bytes_of(draft, &size);
  unsigned char *bytes = malloc(size);
  long taken = 0;
  bench_t bench = open_bench(192, 512);
  if (bytes == NULL) abort();
  for (size_t n = 0; n < 24; n++) put_word(bench.old, n * 8, old_at(&bench, (size_t)(random_bits() % 200)));
  for (long n = 0; n < rounds; n++) {
    memcpy(bytes, whole, size);
    for (uint64_t times = 1 + random_bits() % 4; times > 0; times--) damage(bytes, size);
    plan_t *plan = plan_read(bytes, random_bits() % 50 == 0 ? (size_t)(random_bits() % size) : size);
    if (plan == NULL) continue;
    if (plan_fits(plan, bench.old_size, bench.new_size)) {
      plan_finding_t *findings = calloc(plan_check_count(plan) + 1, sizeof *findings);
      if (findings == NULL) abort();
      plan_check(plan, &bench.images, findings);
      plan_apply(plan, &bench.images, &bench.keeps_old);
      free(findings);
      taken++;
    }
    plan_free(plan);
  }
  printf("%ld taken\n", taken);
  EXPECT(taken > rounds / 100 && taken < rounds);
  free(bytes);
  free(whole);
  free(draft);
  close_bench(&bench);
}

/* ---- Speed ---------------------------------------------------------------------------------------------------- */

static double microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* The best of several, which the other programs on the machine disturbed least. */
static void time_plan(const char *name, draft_t *draft, bench_t *bench) {
  static plan_finding_t findings[MOST];
  plan_t *plan = read_draft(draft);
  double best = INFINITY;
  if (plan == NULL || !plan_fits(plan, bench->old_size, bench->new_size)) exit(1);
  for (int n = 0; n < 20; n++) {
    double start = microseconds();
    plan_check(plan, &bench->images, findings);
    plan_apply(plan, &bench->images, &bench->keeps_old);
    plan_fix(plan, &bench->images, false);
    double took = microseconds() - start;
    if (took < best) best = took;
  }
  printf("%-48s %9.1f us\n", name, best);
  plan_free(plan);
}

static void show_speed(void) {
  bench_t bench = open_bench(1 << 21, 1 << 21);
  memset(bench.old, 1, bench.old_size);
  draft_t *draft = new_draft(bench.old_size);
  add_copy(draft, 0, 0, 1 << 20);
  time_plan("1 MB copied", draft, &bench);

  draft = new_draft(bench.old_size);
  add_loop(draft, 10000, 24, 32, 3);
  add_copy(draft, 0, 0, 8);
  add_copy(draft, 8, 16, 8);
  add_copy(draft, 16, 24, 4);
  time_plan("10,000 structs with an inserted field", draft, &bench);

  draft = new_draft(bench.old_size);
  add_loop(draft, 10000, 4, 8, 1);
  add_checked(draft, (plan_operation_t){
                         .code = PLAN_CONVERT, .a = kind_of(PLAN_FLOAT, 32, 0), .b = kind_of(PLAN_SIGNED, 64, 0)});
  time_plan("10,000 floats made integers", draft, &bench);

  draft = new_draft(bench.old_size);
  for (uint64_t n = 0; n < 1000; n++) add_piece(draft, (plan_piece_t){.from = n * 64, .to = n * 80, .length = 64});
  for (uint64_t n = 0; n < MOST; n++) add_start(draft, (plan_piece_t){.from = n * 64, .to = n * 80, .type = 2});
  for (size_t n = 0; n < 10000; n++) put_word(bench.old, n * 8, old_at(&bench, n % 1000 * 64));
  add_checked(draft, (plan_operation_t){.code = PLAN_POINTER, .to = 1 << 20, .count = 10000, .type = 1});
  time_plan("10,000 pointers into 1,000 variables", draft, &bench);

  draft = new_draft(bench.old_size);
  memset(bench.old, 0, bench.old_size);
  add_checked(draft, (plan_operation_t){.code = PLAN_POINTER, .to = 1 << 20, .count = 100000, .type = 1});
  time_plan("100,000 pointers elsewhere", draft, &bench);
  close_bench(&bench);
}

int main(int argc, char **argv) {
  const struct group {
    const char *name;
    void (*check)(void);
  } groups[] = {{"copies", check_copies},
                {"loops", check_loops},
                {"integers", check_integers},
                {"floats", check_floats},
                {"truth", check_truth},
                {"enumerations", check_enumerations},
                {"dropped", check_dropped},
                {"initial", check_initial_values},
                {"pointers", check_pointers},
                {"end", check_end_of_image},
                {"words", check_words},
                {"heap", check_heap},
                {"refusals", check_refusals},
                {"speed", show_speed}};
  const char *name = argc > 1 ? argv[1] : "";
  bool found = false;
  for (size_t n = 0; n < sizeof groups / sizeof groups[0]; n++) {
    if (strcmp(groups[n].name, name) != 0) continue;
    groups[n].check();
    found = true;
  }
  if (argc == 4 && strcmp(name, "damaged") == 0) {
    random_state = strtoull(argv[3], NULL, 10) | 1;
    check_damaged(strtol(argv[2], NULL, 10));
    found = true;
  }
  printf("%d expectations, %d failed\n", expectations, failures);
  return found && failures == 0 ? 0 : 1;
}
