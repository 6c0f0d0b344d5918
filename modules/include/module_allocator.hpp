// module_allocator.hpp: containers of the C++ library in memory that goes back with the variables after a crash, and that
// the next host process has too (module_alloc in module_interface.h):
//
//   static std::vector<house, hotmod::allocator<house>> houses;
//
// Allocator requirements: ISO C++17, [allocator.requirements].
#ifndef HOTMOD_MODULE_ALLOCATOR_HPP
#define HOTMOD_MODULE_ALLOCATOR_HPP

#include <cstddef>
#include <new>

#include "module_interface.h"

namespace hotmod {

template <typename T>
struct allocator {
  using value_type = T;

  allocator() noexcept = default;
  template <typename U>
  allocator(const allocator<U> &) noexcept {}

  // Throws std::bad_alloc where there is no memory.
  T *allocate(std::size_t count) {
    static_assert(alignof(T) <= 16, "module_alloc aligns to 16 bytes");
    void *block = count > static_cast<std::size_t>(-1) / sizeof(T) ? nullptr : module_alloc(count * sizeof(T));
    if (block == nullptr) throw std::bad_alloc();
    return static_cast<T *>(block);
  }

  void deallocate(T *block, std::size_t) noexcept { module_free(block); }

  friend bool operator==(const allocator &, const allocator &) noexcept { return true; }
  friend bool operator!=(const allocator &, const allocator &) noexcept { return false; }
};

}  // namespace hotmod

#endif
