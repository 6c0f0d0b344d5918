/*
 * reloadable_module.hpp: a hotmod module as a C++ class. Header only, C++14 or newer.
 *
 *   #include "reloadable_module.hpp"
 *
 *   class Traffic : public IReloadableModule {
 *   public:
 *     void update(double dt) override { clock_ += dt; }
 *     std::vector<std::uint8_t> saveState() const override { return hotmod::bytesOf(clock_); }
 *     bool restoreState(const void *data, std::size_t size) override { return hotmod::readInto(clock_, data, size); }
 *     const char *getVersion() const override { return "1.0.0"; }
 *
 *   private:
 *     double clock_ = 0;
 *   };
 *
 *   HOTMOD_EXPORT_MODULE(Traffic)
 *
 * One object of the class lives from init to shutdown. What a class does not override is not offered to the engine:
 * a class without saveState is a module that does not save its state, and the verdict says so.
 *
 * Exceptions never reach the engine, which is C. One that leaves a step of the reload protocol is printed and makes
 * that step fail, so the version before goes on. One that leaves update is printed and ends in abort(), which the
 * engine treats as any other crash of a module.
 */
#ifndef HOTMOD_RELOADABLE_MODULE_HPP
#define HOTMOD_RELOADABLE_MODULE_HPP

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "module_interface.h"

namespace hotmod {

class IReloadableModule {
public:
  IReloadableModule() = default;
  IReloadableModule(const IReloadableModule &) = delete;
  IReloadableModule &operator=(const IReloadableModule &) = delete;
  virtual ~IReloadableModule() = default;

  /* Called once, after the constructor. False refuses to start. */
  virtual bool init(const module_config_t &) { return true; }

  /* Called before the destructor. */
  virtual void shutdown() {}

  /* Called every frame. dt: seconds since the last frame. */
  virtual void update(double dt) = 0;

  /* Called on the version that leaves: everything the next version is to know, as bytes. */
  virtual std::vector<std::uint8_t> saveState() const { return {}; }

  /* Called on the version that arrives, after init. The bytes are valid during the call only. False refuses. */
  virtual bool restoreState(const void *, std::size_t) { return true; }

  /*
   * Called on the version that arrives, before restoreState, where the version that saved was another one: turns the
   * older bytes into what restoreState expects. False refuses. It is called before init, on an object of its own
   * that is gone afterwards, so it must depend on nothing but its arguments.
   */
  virtual bool migrateState(const char *, const char *, std::vector<std::uint8_t> &) { return true; }

  /*
   * MAJOR.MINOR.PATCH. It is asked before init, on an object made for the question, so a constructor must not take
   * hold of anything; that is what init is for.
   */
  virtual const char *getVersion() const { return "0.0.0"; }

  /* On the version that leaves, first of all: come to rest, or return false to refuse the reload. */
  virtual bool prepareReload() { return true; }

  /* On the version that arrives, last of all before the switch. False refuses. */
  virtual bool completeReload() { return true; }

  /* On the version that stays, when a reload failed after its prepareReload. */
  virtual void rollbackReload() {}

  /* Text shown live beside the module, UTF-8, lines ended by '\n'. Not overridden: nothing is shown. */
  virtual std::string view() const { return {}; }
};

/* The bytes of a plain struct, for saveState. */
template <class T> std::vector<std::uint8_t> bytesOf(const T &value) {
  static_assert(std::is_trivially_copyable<T>::value, "bytesOf takes plain structs; write other members one by one");
  std::vector<std::uint8_t> bytes(sizeof(T));
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

/* Fills a plain struct from saved bytes, for restoreState. False, and nothing changed, where the sizes differ. */
template <class T> bool readInto(T &value, const void *data, std::size_t size) {
  static_assert(std::is_trivially_copyable<T>::value, "readInto takes plain structs; read other members one by one");
  if (data == nullptr || size != sizeof(T)) return false;
  std::memcpy(&value, data, sizeof(T));
  return true;
}

namespace detail {

inline void report(const char *call, const char *what) {
  std::fprintf(stderr, "%s: exception left the module: %s\n", call, what);
}

/* Runs `body` and turns whatever it throws into `failure`. Also usable with -fno-exceptions. */
template <class Result, class Body> Result guarded(const char *call, Result failure, Body body) {
#ifdef __cpp_exceptions
  try {
    return body();
  } catch (const std::exception &error) {
    report(call, error.what());
  } catch (...) {
    report(call, "not derived from std::exception");
  }
  return failure;
#else
  static_cast<void>(call);
  static_cast<void>(failure);
  return body();
#endif
}

/*
 * HOTMOD_OVERRIDES(M, f): true where M has an f of its own. The type of &M::f names the class that declared f; a
 * private or overloaded f cannot be named at all and therefore is not the base's.
 */
#define HOTMOD_DEFINE_OVERRIDES(function)                                                                              \
  template <class M, class = void> struct Overrides_##function : std::true_type {};                                    \
  template <class M>                                                                                                   \
  struct Overrides_##function<                                                                                         \
      M, std::enable_if_t<std::is_same<decltype(&M::function), decltype(&IReloadableModule::function)>::value>>        \
      : std::false_type {};

HOTMOD_DEFINE_OVERRIDES(saveState)
HOTMOD_DEFINE_OVERRIDES(restoreState)
HOTMOD_DEFINE_OVERRIDES(migrateState)
HOTMOD_DEFINE_OVERRIDES(prepareReload)
HOTMOD_DEFINE_OVERRIDES(completeReload)
HOTMOD_DEFINE_OVERRIDES(rollbackReload)
HOTMOD_DEFINE_OVERRIDES(view)

#undef HOTMOD_DEFINE_OVERRIDES

/* Copies bytes into the malloc block that the engine takes over; never empty, so that success is never NULL. */
inline int giveAway(const std::vector<std::uint8_t> &bytes, void **data, std::size_t *size) {
  void *block = std::malloc(bytes.empty() ? 1 : bytes.size());
  if (block == nullptr) return 1;
  if (!bytes.empty()) std::memcpy(block, bytes.data(), bytes.size());
  *data = block;
  *size = bytes.size();
  return 0;
}

/*
 * The C functions of the vtable for class M. Tag is a type private to one source file: it gives the static members
 * internal linkage. Otherwise g++ would make them unique in the whole process, and the version that arrives would
 * share its object with the version that leaves.
 */
template <class M, class Tag> struct Bridge {
  static std::unique_ptr<IReloadableModule> object;

  static std::unique_ptr<IReloadableModule> make() { return std::make_unique<M>(); }

  static int init(const module_config_t *config) {
    const int result = guarded("init", 1, [&] {
      object = make();
      return object->init(*config) ? 0 : 1;
    });
    if (result != 0) object.reset();
    return result;
  }

  static void shutdown() {
    if (!object) return;
    guarded("shutdown", 0, [] {
      object->shutdown();
      return 0;
    });
    object.reset();
  }

  static void update(double dt) {
    if (!object) return;
    const int result = guarded("update", 1, [&] {
      object->update(dt);
      return 0;
    });
    if (result != 0) std::abort();
  }

  static int saveState(void **data, std::size_t *size) {
    if (!object) return 1;
    return guarded("saveState", 1, [&] { return giveAway(object->saveState(), data, size); });
  }

  static int restoreState(const void *data, std::size_t size) {
    if (!object) return 1;
    return guarded("restoreState", 1, [&] { return object->restoreState(data, size) ? 0 : 1; });
  }

  static int migrateState(const char *from, const char *to, void **data, std::size_t *size) {
    return guarded("migrateState", 1, [&] {
      const auto *first = static_cast<const std::uint8_t *>(*data);
      std::vector<std::uint8_t> bytes;
      if (*size > 0) bytes.assign(first, first + *size);
      if (!make()->migrateState(from, to, bytes)) return 1;
      void *old = *data;
      if (giveAway(bytes, data, size) != 0) return 1;
      std::free(old);
      return 0;
    });
  }

  static int prepareReload() {
    if (!object) return 1;
    return guarded("prepareReload", 1, [] { return object->prepareReload() ? 0 : 1; });
  }

  static int completeReload() {
    if (!object) return 1;
    return guarded("completeReload", 1, [] { return object->completeReload() ? 0 : 1; });
  }

  static void rollbackReload() {
    if (!object) return;
    guarded("rollbackReload", 0, [] {
      object->rollbackReload();
      return 0;
    });
  }

  /* The text of view(), kept until the next call; NULL where the class shows nothing. */
  static const char *view() {
    static std::string text;
    if (!Overrides_view<M>::value) return nullptr;
    return guarded("view", static_cast<const char *>(nullptr), [] {
      text = object ? object->view() : std::string();
      return text.c_str();
    });
  }

  /* NULL where not even an object can be made; the engine refuses such a library. */
  static module_interface_t *interface(const char *name) {
    static std::string version;
    static module_interface_t table;
    return guarded("getVersion", static_cast<module_interface_t *>(nullptr), [&] {
      version = make()->getVersion();
      table.info.name = name;
      table.info.version = version.c_str();
      table.info.api_version = MODULE_API_VERSION;
      table.vtable.init = init;
      table.vtable.shutdown = shutdown;
      table.vtable.update = update;
      table.vtable.save_state = Overrides_saveState<M>::value ? saveState : nullptr;
      table.vtable.load_state = Overrides_restoreState<M>::value ? restoreState : nullptr;
      table.vtable.migrate_state = Overrides_migrateState<M>::value ? migrateState : nullptr;
      table.vtable.prepare_reload = Overrides_prepareReload<M>::value ? prepareReload : nullptr;
      table.vtable.complete_reload = Overrides_completeReload<M>::value ? completeReload : nullptr;
      table.vtable.rollback_reload = Overrides_rollbackReload<M>::value ? rollbackReload : nullptr;
      return &table;
    });
  }
};

template <class M, class Tag> std::unique_ptr<IReloadableModule> Bridge<M, Tag>::object;

} // namespace detail
} // namespace hotmod

using hotmod::IReloadableModule;

/* Exports a class as the module of this library; stands once, outside every namespace. */
#define HOTMOD_EXPORT_MODULE(ClassName)                                                                                \
  static_assert(std::is_base_of<hotmod::IReloadableModule, ClassName>::value,                                          \
                #ClassName " must be derived from IReloadableModule to be exported");                                 \
  namespace {                                                                                                          \
  struct HotmodExportTag {};                                                                                           \
  using HotmodExport = hotmod::detail::Bridge<ClassName, HotmodExportTag>;                                             \
  }                                                                                                                    \
  extern "C" MODULE_EXPORT module_interface_t *get_module_interface(void) {                                            \
    return HotmodExport::interface(#ClassName);                                                                        \
  }                                                                                                                    \
  extern "C" MODULE_EXPORT const char *module_view(void) { return HotmodExport::view(); }                              \
  static_assert(true, "so that a semicolon may follow")

#endif
