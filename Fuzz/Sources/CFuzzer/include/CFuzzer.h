#ifndef CFUZZER_H
#define CFUZZER_H
#include <stddef.h>
#include <stdint.h>

/* A file without a name that holds the bytes; its path is written to `path` (at least 32 bytes). -1 on failure. */
int fuzzer_memory_file(const uint8_t *data, size_t size, char *path);

/* The bytes as one gzip member, in a buffer to be freed; NULL without memory. */
uint8_t *fuzzer_gzip(const uint8_t *data, size_t size, size_t *compressed_size);
#endif
