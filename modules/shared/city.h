/*
 * city.h: what the modules of the sample city tell each other.
 *
 * Each module owns one of these structs and exports a function that hands out a read-only pointer to it. The others
 * ask for that function by name in every frame and never keep the pointer: the owner may be a newer version in the
 * next frame, at another address. Where the owner is not loaded the answer is NULL, and everybody copes.
 *
 * Try this: WEATHER_RAIN 700 -> 450, and every cloud rains. All modules that include this header are rebuilt, and
 * change over in the same frame. Then put a field into the middle of city_t, or change CITY_LOTS 11 -> 13: the city goes
 * on with all it had. CITY_LOTS 11 -> 8 is refused, because buildings stand on the lots that would be lost; nothing
 * changes then.
 */
#ifndef CITY_H
#define CITY_H

#include <stddef.h>
#include <stdint.h>

#include "module_interface.h"

/* The street is this many characters wide; a lot of the street holds one building. */
#define CITY_WIDTH 58
#define CITY_LOTS 11
#define CITY_MAX_FLOORS 6

typedef enum season { SPRING, SUMMER, AUTUMN, WINTER } season_t;

/* Owned by simulation. */
typedef struct city {
  uint32_t day;     /* counted from 1 */
  double clock;     /* hour of the day, 0 to 24 */
  season_t season;
  double people;
  double homes;     /* how many people the buildings have room for */
  double money;     /* in the city's purse; negative is debt */
  double mood;      /* 0 everybody leaves, 1 everybody stays */
  int32_t floors[CITY_LOTS]; /* height of the building on each lot; 0 is a park */
} city_t;

#define TRAFFIC_MAX_CARS 14

/* A car at x, the column of its rear end. It drives right in lane 0, left in lane 1. */
typedef struct car {
  double x;
  double speed; /* columns a second */
  int32_t lane;
  int32_t kind; /* 0 car, 1 van, 2 bus */
} car_t;

/* Owned by traffic. */
typedef struct traffic {
  int32_t count;
  int32_t jammed; /* how many of them stand behind another */
  car_t cars[TRAFFIC_MAX_CARS];
} traffic_t;

#define WEATHER_ROWS 6

/* Owned by weather. Moisture is in thousandths: 0 is a clear sky, above WEATHER_RAIN it rains. */
#define WEATHER_CLOUD 420
#define WEATHER_RAIN 700
typedef struct weather {
  int32_t temperature; /* thousandths of a degree Celsius */
  double wind;         /* columns a second, to the right */
  int32_t moisture[WEATHER_ROWS][CITY_WIDTH];
} weather_t;

/*
 * The current state of each module, NULL where it is not loaded. Valid until the end of this frame.
 * ISO C keeps objects and functions apart, POSIX does not; the cast below relies on POSIX, as dlsym does.
 */
typedef const city_t *(*city_reader)(void);
typedef const traffic_t *(*traffic_reader)(void);
typedef const weather_t *(*weather_reader)(void);

static inline const city_t *city_now(void) {
  city_reader read = (city_reader)module_get_symbol("simulation", "simulation_city");
  return read ? read() : NULL;
}

static inline const traffic_t *traffic_now(void) {
  traffic_reader read = (traffic_reader)module_get_symbol("traffic", "traffic_cars");
  return read ? read() : NULL;
}

static inline const weather_t *weather_now(void) {
  weather_reader read = (weather_reader)module_get_symbol("weather", "weather_sky");
  return read ? read() : NULL;
}

/* A small random number generator (xorshift32, Marsaglia 2003), so that the same city grows the same way each time. */
static inline uint32_t city_random(uint32_t *seed) {
  uint32_t x = *seed ? *seed : 0x9e3779b9u;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  *seed = x;
  return x;
}

/* A number from 0 up to but not including 1. */
static inline double city_chance(uint32_t *seed) { return (double)(city_random(seed) >> 8) / 16777216.0; }

#endif
