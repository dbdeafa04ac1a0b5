#ifdef __linux__
#define _GNU_SOURCE  // on_exit
#endif
#include "CProgram.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#ifdef __linux__
#include <sys/prctl.h>
#endif

const char *program_commit(void) { return PROGRAM_COMMIT; }

static struct rlimit former;
static int is_limited = 0;

void limit_processor_time(uint32_t seconds) {
  struct rusage used;
  if (getrlimit(RLIMIT_CPU, &former) != 0 || getrusage(RUSAGE_SELF, &used) != 0) return;
  rlim_t end = (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + seconds;
  if (former.rlim_cur != RLIM_INFINITY && former.rlim_cur <= end) return;
  // A handler of whoever started the program, or its being ignored, is not inherited as a limit is.
  signal(SIGXCPU, SIG_DFL);
  struct rlimit limit = {end, former.rlim_max};
  is_limited = setrlimit(RLIMIT_CPU, &limit) == 0;
}

void restore_processor_time(void) {
  if (is_limited) setrlimit(RLIMIT_CPU, &former);
  is_limited = 0;
}

uint64_t processor_time_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_CPU, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
  return limit.rlim_cur;
}

void end_with_parent(int32_t parent) {
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != (pid_t)parent) raise(SIGKILL);
#else
  (void)parent;
#endif
}

void return_large_arrays(void) {
#ifdef __GLIBC__
  // Set by hand, the limit is not raised with the first large array that is freed; holes would remain in the heap then,
  // a quarter more resident memory in a long run.
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
#endif
}

uint64_t raise_open_files(uint64_t wanted) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return UINT64_MAX;
  if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= wanted) return limit.rlim_cur;
  rlim_t most = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > wanted ? wanted : limit.rlim_max;
  struct rlimit raised = {most, limit.rlim_max};
  return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? most : limit.rlim_cur;
}

uint64_t address_space_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
  return limit.rlim_cur;
}

int address_space_is_available(uint64_t bytes) {
  void *region = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
  if (region == MAP_FAILED) return 0;
  munmap(region, bytes);
  return 1;
}

#ifdef __GLIBC__
static void end_at_once(int status, void *unused) {
  (void)unused;
  fflush(NULL);
  _exit(status);
}
#endif

void end_without_destructors_if_limited(void) {
#ifdef __GLIBC__
  if (address_space_limit() != UINT64_MAX) on_exit(end_at_once, NULL);
#endif
}

uint64_t address_space_in_use(void) {
  unsigned long long pages = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  if (file == NULL) return 0;
  if (fscanf(file, "%llu", &pages) != 1) pages = 0;
  fclose(file);
  return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
