/*
 * graphics: draws the city as text. Plain functions, no interface table: hotmod finds graphics_init, graphics_update
 * and module_view by their names.
 *
 * Try this while it runs:
 *   - WINDOW_LIT "▪" -> "♥"      save at night
 *   - LIGHTS_ON 19 -> 12         lights from noon on
 *   - CAR_RIGHT "▗▆▖" -> "@-@"   or any three characters
 *   - ROOF "─" -> "═"            better built
 *   - SUN "☼" -> "☺"             a friendlier day
 *   - delete the line of draw_birds in draw_city, then undo
 */
#include <stdio.h>

#include "../shared/city.h"
#include "canvas.h"

#define WINDOW_LIT "▪"
#define WINDOW_DARK "·"
#define ROOF "─"
#define SUN "☼"
#define MOON "☾"
#define CAR_RIGHT "▗▆▖"
#define CAR_LEFT "▗▆▖"
#define VAN_RIGHT "▐█▇▖"
#define VAN_LEFT "▗▇█▌"
#define BUS "▐▀█▀█▀▌"
#define RAINDROP "╱"
#define SNOWFLAKE "*"
#define LIGHTS_ON 19
#define LIGHTS_OUT 23
#define SUNRISE 6
#define FREEZING 0 /* degrees; below it the rain is snow */

#define LOT_WIDTH 5
#define GROUND 8 /* rows from the top: sky and houses 0 to 7, pavement, two lanes, a line of figures */

static canvas_t canvas;
static double seconds; /* drives what twinkles and falls */

static void draw_city(const city_t *city, const traffic_t *traffic, const weather_t *weather);
static void draw_sky(const city_t *city);
static void draw_clouds(const weather_t *weather);
static void draw_birds(const city_t *city);
static void draw_building(int lot, int floors, const city_t *city);
static void draw_park(int lot, const city_t *city);
static void draw_street(const traffic_t *traffic);
static void draw_rain(const weather_t *weather);
static void draw_figures(const city_t *city, const weather_t *weather);
static int is_night(const city_t *city);
static int window_is_lit(int lot, int floor, int window, const city_t *city);
static uint32_t mix(uint32_t a, uint32_t b);

MODULE_EXPORT void graphics_init(void);
MODULE_EXPORT void graphics_update(double dt);

void graphics_init(void) { seconds = 0.0; }

void graphics_update(double dt) { seconds += dt; }

const char *module_view(void) {
  canvas_clear(&canvas);
  draw_city(city_now(), traffic_now(), weather_now());
  return canvas_text(&canvas);
}

/* From the back to the front. Each part copes with a module that is not there. */
static void draw_city(const city_t *city, const traffic_t *traffic, const weather_t *weather) {
  draw_sky(city);
  draw_birds(city);
  draw_clouds(weather);
  for (int lot = 0; city && lot < CITY_LOTS; lot++) {
    if (city->floors[lot] > 0) draw_building(lot, city->floors[lot], city);
    else draw_park(lot, city);
  }
  draw_rain(weather);
  draw_street(traffic);
  draw_figures(city, weather);
}

/* The sun rises on the left at SUNRISE, the moon takes over twelve hours later; stars at night. */
static void draw_sky(const city_t *city) {
  static const int height[] = {4, 2, 1, 0, 0, 0, 0, 1, 2, 4};
  const double hour = city ? city->clock : 12.0;
  const double since_sunrise = hour >= SUNRISE ? hour - SUNRISE : hour + 24.0 - SUNRISE;
  const int is_day = since_sunrise < 12.0;
  const double way = (is_day ? since_sunrise : since_sunrise - 12.0) / 12.0;

  for (uint32_t star = 0; !is_day && star < 26; star++) {
    const uint32_t at = mix(star, 5);
    const int twinkles = (at >> 16) % 7 == (uint32_t)(seconds * 1.5) % 7;
    canvas_put(&canvas, (int)(at % CITY_WIDTH), (int)((at >> 8) % 5), twinkles ? "+" : "·");
  }
  canvas_put(&canvas, (int)(way * (CITY_WIDTH - 1)), height[(int)(way * 9.99)], is_day ? SUN : MOON);
}

static void draw_clouds(const weather_t *weather) {
  if (!weather) return;
  for (int y = 0; y < 2; y++) {
    for (int x = 0; x < CITY_WIDTH; x++) {
      const int32_t moisture = weather->moisture[y * 2][x] - y * 90; /* ragged below */
      if (moisture > WEATHER_RAIN) canvas_put(&canvas, x, y, "▒");
      else if (moisture > WEATHER_CLOUD) canvas_put(&canvas, x, y, "░");
    }
  }
}

static void draw_birds(const city_t *city) {
  if (!city || is_night(city) || city->season == WINTER) return;
  const int x = (int)(seconds * 3.0) % (CITY_WIDTH * 3);
  const char *wings = (int)(seconds * 4.0) % 2 ? "v" : "ˇ";
  canvas_put(&canvas, x, 2, wings);
  canvas_put(&canvas, x - 3, 1, wings);
  canvas_put(&canvas, x - 4, 3, wings);
}

static void draw_building(int lot, int floors, const city_t *city) {
  const int left = 1 + lot * LOT_WIDTH;
  const int top = GROUND - 1 - floors;
  canvas_put(&canvas, left, top, "┌");
  canvas_put(&canvas, left + 4, top, "┐");
  for (int x = 1; x < 4; x++) canvas_put(&canvas, left + x, top, ROOF);
  if (floors == CITY_MAX_FLOORS) canvas_put(&canvas, left + 2, top - 1, "╿");

  for (int floor = 0; floor < floors; floor++) {
    const int y = GROUND - 1 - floor;
    canvas_put(&canvas, left, y, "│");
    canvas_put(&canvas, left + 4, y, "│");
    for (int window = 0; window < 3; window++) {
      const int is_door = floor == 0 && window == 1;
      const int lit = window_is_lit(lot, floor, window, city);
      canvas_put(&canvas, left + 1 + window, y, is_door ? "∩" : lit ? WINDOW_LIT : WINDOW_DARK);
    }
  }
}

/* A tree and a bush; bare in winter, colourful in autumn as far as text can be. */
static void draw_park(int lot, const city_t *city) {
  static const char *const crown[] = {[SPRING] = "♣", [SUMMER] = "♠", [AUTUMN] = "¤", [WINTER] = "Y"};
  const int left = 1 + lot * LOT_WIDTH;
  canvas_put(&canvas, left + 1, GROUND - 2, crown[city->season]);
  canvas_put(&canvas, left + 1, GROUND - 1, "╽");
  canvas_put(&canvas, left + 3, GROUND - 1, city->season == WINTER ? "." : crown[city->season]);
}

/* The near lane drives right, the far one left; a car at the edge is drawn as far as it is in the picture. */
static void draw_street(const traffic_t *traffic) {
  static const char *const right[] = {CAR_RIGHT, VAN_RIGHT, BUS};
  static const char *const left[] = {CAR_LEFT, VAN_LEFT, BUS};
  for (int x = 0; x < CITY_WIDTH; x++) canvas_put(&canvas, x, GROUND, "▔");
  for (int i = 0; traffic && i < traffic->count; i++) {
    const car_t *car = &traffic->cars[i];
    const int x = (int)(car->x + CITY_WIDTH) - CITY_WIDTH;
    if (car->kind < 0 || car->kind > 2) continue;
    if (car->lane == 0) canvas_write(&canvas, x, GROUND + 2, right[car->kind]);
    else canvas_write(&canvas, x, GROUND + 1, left[car->kind]);
  }
}

/* Falls in front of the sky and the houses, wherever there is moisture enough above. */
static void draw_rain(const weather_t *weather) {
  if (!weather) return;
  const int is_snow = weather->temperature < FREEZING * 1000;
  const uint32_t fallen = (uint32_t)(seconds * (is_snow ? 3.0 : 12.0));
  for (int y = 2; y < GROUND; y++) {
    for (int x = 0; x < CITY_WIDTH; x++) {
      if (weather->moisture[WEATHER_ROWS / 2][x] <= WEATHER_RAIN) continue;
      if (mix((uint32_t)x, (uint32_t)y - fallen) % 5 != 0 || !canvas_is_blank(&canvas, x, y)) continue;
      canvas_put(&canvas, x, y, is_snow ? SNOWFLAKE : RAINDROP);
    }
  }
}

static void draw_figures(const city_t *city, const weather_t *weather) {
  static const char *const seasons[] = {"spring", "summer", "autumn", "winter"};
  char line[128];
  if (city) {
    snprintf(line, sizeof line, "day %u, %s, %02d:%02d", city->day, seasons[city->season], (int)city->clock,
             (int)(city->clock * 60.0) % 60);
    canvas_write(&canvas, 1, GROUND + 3, line);
    snprintf(line, sizeof line, "people %.0f  money %.0f", city->people, city->money);
    canvas_write(&canvas, 26, GROUND + 3, line);
  } else {
    canvas_write(&canvas, 1, GROUND + 3, "an empty plot: the simulation is not loaded");
  }
  if (weather) {
    snprintf(line, sizeof line, "%3d °C", weather->temperature / 1000);
    canvas_write(&canvas, CITY_WIDTH - 7, GROUND + 3, line);
  }
}

static int is_night(const city_t *city) { return city->clock >= LIGHTS_ON || city->clock < SUNRISE; }

/* Each window has an hour of its own at which somebody comes home, and one at which they go to bed. */
static int window_is_lit(int lot, int floor, int window, const city_t *city) {
  const uint32_t habit = mix((uint32_t)(lot * 64 + floor * 4 + window), city->day);
  const double home = LIGHTS_ON - 1 + (habit % 5) * 0.5;
  const double bed = LIGHTS_OUT - 1 + (habit / 5 % 9) * 0.5;
  const double hour = city->clock < SUNRISE ? city->clock + 24.0 : city->clock;
  return habit / 64 % 5 != 0 && hour >= home && hour < bed;
}

/* Two numbers in, one out that looks like neither: places for stars, drops and habits without storing any. */
static uint32_t mix(uint32_t a, uint32_t b) {
  uint32_t x = a * 0x9e3779b1u ^ b * 0x85ebca77u;
  x ^= x >> 15;
  x *= 0xc2b2ae3du;
  return x ^ x >> 13;
}
