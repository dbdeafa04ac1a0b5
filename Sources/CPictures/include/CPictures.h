#ifndef CPICTURES_H
#define CPICTURES_H
#include <stddef.h>
#include <stdint.h>

/* Reads PNG pictures by libpng, whose errors are long jumps that must not cross Swift's frames. Pixels are as the file
   has them: no gamma, no colour conversion. */

enum cpictures_status {
  CPICTURES_READ = 0,
  CPICTURES_DAMAGED,       /* the message says why */
  CPICTURES_ALPHA,         /* has transparency */
  CPICTURES_SIXTEEN_BITS,  /* has 16 bits per channel */
  CPICTURES_TOO_LARGE      /* wider or higher than CPICTURES_LARGEST */
};

enum { CPICTURES_LARGEST = 16384 };

struct cpictures_picture {
  uint32_t width, height;
  uint32_t channels;  /* 1: grey, 3: colour; palettes are expanded */
  char message[160];
};

/* The sizes of a picture, from its header. */
enum cpictures_status cpictures_header(const uint8_t *bytes, size_t size, struct cpictures_picture *picture);

/* The pixels, [height][width][channels], into room for exactly as many as `cpictures_header` said. */
enum cpictures_status cpictures_pixels(
    const uint8_t *bytes, size_t size, struct cpictures_picture *picture, uint8_t *pixels, size_t room);

#endif
