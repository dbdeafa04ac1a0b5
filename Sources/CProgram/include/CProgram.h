#ifndef CPROGRAM_H
#define CPROGRAM_H

#include <stdint.h>

// The commit that the program was built from; "unknown" without the Makefile, which asks git.
const char *program_commit(void);

// Ends this process (SIGXCPU) when it has used so many seconds of processor time from now, unless its limit is
// lower anyway or `restore_processor_time` comes first. The kernel counts whole seconds.
void limit_processor_time(uint32_t seconds);

// Takes back `limit_processor_time`.
void restore_processor_time(void);

// The seconds of processor time after which this process gets SIGXCPU; UINT64_MAX: never.
uint64_t processor_time_limit(void);

// Ends this process (SIGKILL) when the thread that started it has ended, which may be before this call. Does
// nothing where the system is not Linux.
void end_with_parent(int32_t parent);

// Lets large arrays go back to the system when they are freed, whatever was allocated before. Does
// nothing where the C library is not GNU's.
void return_large_arrays(void);

// Lets this process have as many files open at once as its hard limit and `wanted` allow; returns how many that are.
uint64_t raise_open_files(uint64_t wanted);

// The bytes of address space that this process may have; UINT64_MAX: any number.
uint64_t address_space_limit(void);

// Where the address space is limited, lets this process end without the libraries' destructors: OpenBLAS's waits for a
// thread that may try for ever to get memory. Does nothing where the C library is not GNU's.
void end_without_destructors_if_limited(void);

// The bytes of address space that this process has; 0 where the system does not tell.
uint64_t address_space_in_use(void);

// Whether this process can have so many bytes of address space more. Takes none.
int address_space_is_available(uint64_t bytes);

#endif
