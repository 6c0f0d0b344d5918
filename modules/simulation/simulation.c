/*
 * simulation: the people of the city, their houses, the money and the seasons.
 *
 * Try this while it runs, one edit at a time, and look at the city:
 *   - TAX 0.9 -> 9.0              the purse fills, the mood falls, people leave
 *   - BUILDING_COST 900 -> 90     the skyline shoots up within a few days
 *   - SECONDS_PER_DAY 8.0 -> 2.0  nights and seasons fly past
 *   - START_PEOPLE 900 -> 9000    nothing happens: the city that runs is kept, not started again
 *   - a new field in the middle of world_t or of city_t (city.h), or two fields in another order: every
 *     other field keeps its value, because hotmod knows both layouts; there is no code for it in this file
 *   - `float people;` in place of `double people;`, or a new name and HOTMOD_WAS("people") after it
 */
#include <string.h>

#include "hotmod_state.h"
#include "../shared/city.h"

#define VERSION "1.0.0"

#define START_PEOPLE 900
#define START_MONEY 2500
#define SECONDS_PER_DAY 8.0
#define DAYS_PER_SEASON 10
#define TAX 0.9           /* per person and day */
#define UPKEEP 11.0       /* per floor and day */
#define BUILDING_COST 900 /* one floor more */
#define PEOPLE_PER_FLOOR 80
#define ATTEMPTS_PER_DAY 3 /* to find a lot that can be built on */
#define SCARCE 0.55        /* share of the homes that must be taken before more are built */
#define GROWTH 0.09        /* share of the free homes that is taken each day, when the mood is best */

/* All there is of the city, and nothing else in this file keeps a value from frame to frame. */
typedef struct world {
  uint32_t seed;
  city_t city;
} world_t;

static world_t world;

static void pass_time(city_t *city, double dt);
static void move_people(city_t *city, double days);
static void balance_money(city_t *city, double days);
static void build_floors(city_t *city, uint32_t *seed);
static int count_floors(const city_t *city);
static double clamp(double value, double low, double high);

/* The city as it is in this frame; read only. */
MODULE_EXPORT const city_t *simulation_city(void);

static void update(double dt) {
  city_t *city = &world.city;
  const double days = dt / SECONDS_PER_DAY;
  const uint32_t today = city->day;

  pass_time(city, dt);
  move_people(city, days);
  balance_money(city, days);
  if (city->day != today) build_floors(city, &world.seed);
}

static void pass_time(city_t *city, double dt) {
  city->clock += dt / SECONDS_PER_DAY * 24.0;
  while (city->clock >= 24.0) {
    city->clock -= 24.0;
    city->day += 1;
  }
  city->season = (season_t)((city->day - 1) / DAYS_PER_SEASON % 4);
}

/* People come where there is room and a good mood, and leave where there is neither. */
static void move_people(city_t *city, double days) {
  static const double comfort[] = {[SPRING] = 0.05, [SUMMER] = 0.10, [AUTUMN] = 0.0, [WINTER] = -0.12};
  const weather_t *weather = weather_now();
  const traffic_t *traffic = traffic_now();

  double mood = 0.95 - TAX * 0.12 + comfort[city->season];
  if (weather && weather->moisture[0][CITY_WIDTH / 2] > WEATHER_RAIN) mood -= 0.06;
  if (traffic) mood -= 0.01 * traffic->jammed;
  mood = clamp(mood, 0.0, 1.0);
  city->mood += (mood - city->mood) * clamp(days, 0.0, 1.0);

  city->homes = (double)count_floors(city) * PEOPLE_PER_FLOOR;
  city->people += (city->homes - city->people) * GROWTH * city->mood * days;
  city->people -= city->people * (1.0 - city->mood) * 0.12 * days;
  city->people = clamp(city->people, 2.0, 1e9);
}

static void balance_money(city_t *city, double days) {
  city->money += (city->people * TAX - count_floors(city) * UPKEEP) * days;
}

/* A few floors a day, as long as the purse allows it and homes are scarce. Parks are built on last. */
static void build_floors(city_t *city, uint32_t *seed) {
  for (int attempt = 0; attempt < ATTEMPTS_PER_DAY; attempt++) {
    const int32_t lot = (int32_t)(city_random(seed) % CITY_LOTS);
    const int is_park = city->floors[lot] == 0;
    if (city->money < BUILDING_COST || city->people < city->homes * SCARCE) return;
    if (city->floors[lot] >= CITY_MAX_FLOORS || (is_park && attempt < ATTEMPTS_PER_DAY - 1)) continue;
    city->floors[lot] += 1;
    city->money -= BUILDING_COST;
    city->homes += PEOPLE_PER_FLOOR;
  }
}

static int count_floors(const city_t *city) {
  int floors = 0;
  for (int lot = 0; lot < CITY_LOTS; lot++) floors += city->floors[lot];
  return floors;
}

static double clamp(double value, double low, double high) {
  return value < low ? low : value > high ? high : value;
}

const city_t *simulation_city(void) { return &world.city; }

/* Called when the city is founded. A reload is not the beginning of anything, and does not call it. */
static int init(const module_config_t *config) {
  (void)config;
  memset(&world, 0, sizeof world);
  world.seed = 2024;
  world.city.day = 1;
  world.city.clock = 7.0;
  world.city.people = START_PEOPLE;
  world.city.money = START_MONEY;
  world.city.mood = 0.8;
  for (int lot = 0; lot < CITY_LOTS; lot++) {
    const uint32_t roll = city_random(&world.seed) % 8;
    world.city.floors[lot] = roll < 2 ? 0 : (int32_t)(roll / 2 + city_random(&world.seed) % 2);
  }
  return 0;
}

module_interface_t *get_module_interface(void) {
  static module_interface_t self = {
      .info = {.name = "simulation", .version = VERSION, .api_version = MODULE_API_VERSION},
      .vtable = {.init = init, .update = update},
  };
  return &self;
}
