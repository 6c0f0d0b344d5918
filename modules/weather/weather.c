/*
 * weather: clouds that drift over the city, rain, snow, and how warm it is. The sky is a grid of moisture, smoothed
 * once a second by weather_kernel.S.
 *
 * Try this while it runs:
 *   - CLOUDINESS 0.30 -> 0.95    one front after another; the drivers slow down
 *   - WIND 4.0 -> 25.0           a storm
 *   - WARMTH 0 -> -25            it snows in July
 *   - weather_kernel.S has an edit of its own to try
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../shared/city.h"
#include "weather_kernel.h"

#define CLOUDINESS 0.30  /* share of the fronts that bring clouds */
#define WIND 4.0         /* columns a second, on a calm day */
#define WARMTH 0         /* degrees, added to every temperature */
#define STEPS_PER_SECOND 1.0
#define FRONT_LENGTH 16  /* columns of sky between one change of weather and the next */

/* A row as the kernel wants it: whole lanes, and a margin cell at either end. */
#define PADDED ((CITY_WIDTH + KERNEL_LANES - 1) / KERNEL_LANES * KERNEL_LANES)
typedef struct row {
  int32_t before;
  int32_t cells[PADDED];
  int32_t after;
} row_t;

/* One row above the sky and one below, so that every row has neighbours. */
typedef struct sky {
  uint32_t seed;
  int32_t front;      /* moisture of the air that comes in on the left */
  uint32_t front_age; /* columns since it began */
  double drift;       /* parts of a column that the wind has moved and the grid has not */
  double until_step;  /* seconds */
  double hours;       /* a clock of its own, for when there is no simulation */
  row_t rows[WEATHER_ROWS + 2];
} sky_t;

static sky_t sky;
static weather_t published;

static void blow(sky_t *air, double dt);
static void smooth(sky_t *air);
static void publish(const sky_t *air);
static void shift_right(sky_t *air);
static int32_t temperature_now(const sky_t *air);
static double hours_between(double a, double b);
static int kernel_agrees(void);

/* The sky as it is in this frame; read only. */
MODULE_EXPORT const weather_t *weather_sky(void);

static void update(double dt) {
  sky.hours += dt * 3.0;
  while (sky.hours >= 24.0) sky.hours -= 24.0;
  blow(&sky, dt);
  sky.until_step -= dt;
  if (sky.until_step <= 0.0) {
    sky.until_step += 1.0 / STEPS_PER_SECOND;
    smooth(&sky);
  }
  publish(&sky);
}

/* Moves the whole sky to the right, a column at a time, and lets new air in on the left. */
static void blow(sky_t *air, double dt) {
  published.wind = WIND * (1.0 - 0.4 * hours_between(air->hours, 15.0) / 12.0);
  air->drift += published.wind * (dt < 0.5 ? dt : 0.5);
  while (air->drift >= 1.0) {
    air->drift -= 1.0;
    shift_right(air);
  }
}

static void shift_right(sky_t *air) {
  if (++air->front_age >= FRONT_LENGTH) {
    air->front_age = 0;
    air->front = city_chance(&air->seed) < CLOUDINESS ? 600 + (int32_t)(city_random(&air->seed) % 700) : 0;
  }
  for (int y = 1; y <= WEATHER_ROWS; y++) {
    int32_t *cells = air->rows[y].cells;
    memmove(cells + 1, cells, sizeof(int32_t) * (PADDED - 1));
    const int32_t ragged = (int32_t)(city_random(&air->seed) % 900) - 450;
    cells[0] = air->front > 0 ? air->front + ragged : cells[1] / 3;
  }
}

/* One step of diffusion. The margins repeat the outermost cells, so that nothing leaks out of the sky. */
static void smooth(sky_t *air) {
  row_t next[WEATHER_ROWS + 2];
  air->rows[0] = air->rows[1];
  air->rows[WEATHER_ROWS + 1] = air->rows[WEATHER_ROWS];
  for (int y = 1; y <= WEATHER_ROWS; y++) {
    row_t *row = &air->rows[y];
    row->before = row->cells[0];
    row->after = row->cells[PADDED - 1];
    weather_smooth_row(next[y].cells, air->rows[y - 1].cells, row->cells, air->rows[y + 1].cells, PADDED);
  }
  for (int y = 1; y <= WEATHER_ROWS; y++) memcpy(air->rows[y].cells, next[y].cells, sizeof next[y].cells);
}

static void publish(const sky_t *air) {
  for (int y = 0; y < WEATHER_ROWS; y++) {
    memcpy(published.moisture[y], air->rows[y + 1].cells, sizeof published.moisture[y]);
  }
  published.temperature = temperature_now(air);
}

/* By season and hour: warmest at four in the afternoon, coldest twelve hours later. Thousandths of a degree. */
static int32_t temperature_now(const sky_t *air) {
  static const double mean[] = {[SPRING] = 12, [SUMMER] = 22, [AUTUMN] = 11, [WINTER] = -3};
  const city_t *city = city_now();
  const double hour = city ? city->clock : air->hours;
  const double degrees = mean[city ? city->season : SPRING] + WARMTH + 5.0 - 10.0 * hours_between(hour, 16.0) / 12.0;
  return (int32_t)(degrees * 1000.0);
}

/* The shorter way round the clock, 0 to 12. */
static double hours_between(double a, double b) {
  const double apart = a < b ? b - a : a - b;
  return apart > 12.0 ? 24.0 - apart : apart;
}

const weather_t *weather_sky(void) { return &published; }

static int init(const module_config_t *config) {
  (void)config;
  if (!kernel_agrees()) {
    fprintf(stderr, "weather: weather_smooth_row disagrees with its C reference, so this version does not start\n");
    return 1;
  }
  memset(&sky, 0, sizeof sky);
  sky.seed = 4711;
  sky.hours = 7.0;
  for (int column = 0; column < CITY_WIDTH; column++) shift_right(&sky);
  for (int step = 0; step < 3; step++) smooth(&sky);
  publish(&sky);
  return 0;
}

/* Compares the assembly with the C on rows of random numbers, negative ones too. */
static int kernel_agrees(void) {
  uint32_t seed = 99;
  row_t rows[3];
  int32_t fast[PADDED];
  int32_t slow[PADDED];
  for (size_t y = 0; y < 3; y++) {
    rows[y].before = (int32_t)(city_random(&seed) % 4000) - 2000;
    rows[y].after = (int32_t)(city_random(&seed) % 4000) - 2000;
    for (size_t x = 0; x < PADDED; x++) rows[y].cells[x] = (int32_t)(city_random(&seed) % 4000) - 2000;
  }
  weather_smooth_row(fast, rows[0].cells, rows[1].cells, rows[2].cells, PADDED);
  weather_smooth_row_reference(slow, rows[0].cells, rows[1].cells, rows[2].cells, PADDED);
  return memcmp(fast, slow, sizeof fast) == 0;
}

static int save_state(void **data, size_t *size) {
  sky_t *copy = malloc(sizeof sky);
  if (!copy) return 1;
  *copy = sky;
  *data = copy;
  *size = sizeof sky;
  return 0;
}

/* Weather of another shape is not worth a refusal: the sky that init made is as good. */
static int load_state(const void *data, size_t size) {
  if (size == sizeof sky) memcpy(&sky, data, size);
  publish(&sky);
  return 0;
}

module_interface_t *get_module_interface(void) {
  static module_interface_t self = {
      .info = {.name = "weather", .version = "1.0.0", .api_version = MODULE_API_VERSION},
      .vtable = {.init = init, .update = update, .save_state = save_state, .load_state = load_state},
  };
  return &self;
}
