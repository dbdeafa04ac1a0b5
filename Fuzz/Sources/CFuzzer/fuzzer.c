#define _GNU_SOURCE
#include "CFuzzer.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

int fuzzer_memory_file(const uint8_t *data, size_t size, char *path) {
  int descriptor = memfd_create("input", MFD_CLOEXEC);
  if (descriptor < 0) return -1;
  while (size > 0) {
    ssize_t written = write(descriptor, data, size);
    if (written <= 0) {
      close(descriptor);
      return -1;
    }
    data += written;
    size -= (size_t)written;
  }
  snprintf(path, 32, "/proc/self/fd/%d", descriptor);
  return descriptor;
}

uint8_t *fuzzer_gzip(const uint8_t *data, size_t size, size_t *compressed_size) {
  z_stream stream = {0};
  /* 15 + 16: the largest window, with gzip's header. */
  if (deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return NULL;
  size_t room = deflateBound(&stream, size);
  uint8_t *result = malloc(room);
  if (result != NULL) {
    stream.next_in = (Bytef *)data;
    stream.avail_in = (uInt)size;
    stream.next_out = result;
    stream.avail_out = (uInt)room;
    deflate(&stream, Z_FINISH);
    *compressed_size = stream.total_out;
  }
  deflateEnd(&stream);
  return result;
}
