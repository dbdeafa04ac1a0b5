// Makes Synchronization.Mutex known to the thread sanitizer; linked by Scripts/sanitize.sh alone.
//
// A Mutex that is free is taken and given back by atomics that the compiler inlines, and so instruments. A Mutex that is
// held is waited for in libswiftSynchronization.so, by a futex: no instrumented instruction tells the sanitizer that the
// former holder's writes come before the next holder's reads, and each such hand-over is reported as a race. (NSLock is
// a pthread mutex, which the sanitizer intercepts.) These two functions stand before the library's of the same names,
// call them, and say what they do. Their names and calling convention are those of Swift 6 for Linux:
// _MutexHandle._lockSlow(_: UInt32) and _MutexHandle._unlockSlow(), which inlined code calls. Should they change, the
// false reports come back, in pairs of stacks that both end in withLock.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef __attribute__((swiftcall)) void Lock(uint32_t thread, __attribute__((swift_context)) void *handle);
typedef __attribute__((swiftcall)) void Unlock(__attribute__((swift_context)) void *handle);

static void *library(const char *name) {
  void *function = dlsym(RTLD_NEXT, name);
  if (!function) abort();
  return function;
}

__attribute__((swiftcall)) void lockSlow(uint32_t thread, __attribute__((swift_context)) void *handle) __asm__(LOCK);
__attribute__((swiftcall)) void unlockSlow(__attribute__((swift_context)) void *handle) __asm__(UNLOCK);

__attribute__((swiftcall)) void lockSlow(uint32_t thread, __attribute__((swift_context)) void *handle) {
  ((Lock *)library(LOCK))(thread, handle);
  __tsan_acquire(handle);
}

__attribute__((swiftcall)) void unlockSlow(__attribute__((swift_context)) void *handle) {
  __tsan_release(handle);
  ((Unlock *)library(UNLOCK))(handle);
}
