/*
 * traffic: cars, vans and buses on the two lanes of the street. Written in C++, as a class.
 *
 * Try this while it runs:
 *   - PEOPLE_PER_CAR 200.0 -> 40.0   the street fills up, jams form, and people get cross
 *   - TOP_SPEED 11.0 -> 30.0        the speed limit is gone
 *   - SAFE_DISTANCE 2.0 -> 12.0     everybody keeps a distance
 *   - throw std::runtime_error("flat tyre") in restoreState: the new version is taken back, the cars drive on
 */
#include <algorithm>

#include "../shared/city.h"
#include "reloadable_module.hpp"

namespace {

constexpr double PEOPLE_PER_CAR = 200.0;
constexpr double TOP_SPEED = 11.0;     // columns a second
constexpr double SAFE_DISTANCE = 2.0;  // columns to the vehicle in front
constexpr double RAIN_SLOWS_BY = 0.3;
constexpr int LENGTH[] = {3, 4, 7};    // of a car, a van, a bus

// The vehicles, and the seed that makes the next one. A plain struct, so that it can be saved as bytes.
struct Street {
  std::uint32_t seed = 77;
  traffic_t traffic{};
};

Street street;

class Traffic : public IReloadableModule {
public:
  void update(double dt) override {
    fitNumberOfCars();
    const double limit = TOP_SPEED * (isRaining() ? 1.0 - RAIN_SLOWS_BY : 1.0);
    street.traffic.jammed = 0;
    for (int i = 0; i < street.traffic.count; i++) drive(street.traffic.cars[i], limit, dt);
  }

  bool init(const module_config_t &) override {
    street = Street{};
    return true;
  }

  std::vector<std::uint8_t> saveState() const override { return hotmod::bytesOf(street); }

  bool restoreState(const void *data, std::size_t size) override { return hotmod::readInto(street, data, size); }

  const char *getVersion() const override { return "1.0.0"; }

private:
  // One vehicle for so many people; a few where no simulation runs.
  static void fitNumberOfCars() {
    const city_t *city = city_now();
    const int wanted = city ? static_cast<int>(city->people / PEOPLE_PER_CAR) + 2 : 4;
    const int count = std::min(wanted, TRAFFIC_MAX_CARS);
    while (street.traffic.count < count) street.traffic.cars[street.traffic.count++] = newCar();
    street.traffic.count = count;
  }

  static car_t newCar() {
    car_t car{};
    car.lane = static_cast<std::int32_t>(city_random(&street.seed) % 2);
    const std::uint32_t roll = city_random(&street.seed) % 8;
    car.kind = roll == 0 ? 2 : roll < 3 ? 1 : 0;
    car.speed = TOP_SPEED * (0.55 + 0.45 * city_chance(&street.seed));
    car.x = city_chance(&street.seed) * CITY_WIDTH;
    return car;
  }

  static bool isRaining() {
    const weather_t *weather = weather_now();
    return weather && weather->moisture[WEATHER_ROWS - 1][CITY_WIDTH / 2] > WEATHER_RAIN;
  }

  // Moves as far as the one in front allows; out at one end means in again at the other.
  static void drive(car_t &car, double limit, double dt) {
    const double step = std::min(car.speed, limit) * dt;
    if (distanceAhead(car) < SAFE_DISTANCE + step) {
      street.traffic.jammed += 1;
      return;
    }
    const double room = CITY_WIDTH + LENGTH[2];
    car.x += car.lane == 0 ? step : -step;
    if (car.x >= CITY_WIDTH) car.x -= room;
    if (car.x < -LENGTH[2]) car.x += room;
  }

  // From the front of this one to the rear of the next in the same lane; a large number where there is none.
  static double distanceAhead(const car_t &car) {
    double nearest = 1e9;
    for (int i = 0; i < street.traffic.count; i++) {
      const car_t &other = street.traffic.cars[i];
      if (&other == &car || other.lane != car.lane) continue;
      const double between = car.lane == 0 ? other.x - car.x : car.x - other.x;
      const int length = LENGTH[car.lane == 0 ? car.kind : other.kind];
      if (between > 0 || (between == 0 && &other > &car)) nearest = std::min(nearest, between - length);
    }
    return nearest;
  }
};

} // namespace

// The vehicles of this frame; read only.
extern "C" MODULE_EXPORT const traffic_t *traffic_cars(void) { return &street.traffic; }

HOTMOD_EXPORT_MODULE(Traffic);
