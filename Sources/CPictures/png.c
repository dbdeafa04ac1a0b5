#include "CPictures.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct source {
  const uint8_t *bytes;
  size_t left;
  char *message;
  size_t message_size;
};

static void read_bytes(png_structp png, png_bytep target, size_t count) {
  struct source *source = (struct source *)png_get_io_ptr(png);
  if (count > source->left) png_error(png, "the file ends too early");
  memcpy(target, source->bytes, count);
  source->bytes += count;
  source->left -= count;
}

static void on_error(png_structp png, png_const_charp text) {
  struct source *source = (struct source *)png_get_error_ptr(png);
  strncpy(source->message, text, source->message_size - 1);
  longjmp(png_jmpbuf(png), 1);
}

static void on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

/* Reads the header, and the pixels where `pixels` is not NULL. */
static enum cpictures_status read_picture(
    const uint8_t *bytes, size_t size, struct cpictures_picture *picture, uint8_t *pixels, size_t room) {
  struct source source = {bytes, size, picture->message, sizeof picture->message};
  memset(picture, 0, sizeof *picture);
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  /* Not in a register: its value is needed after a long jump. */
  png_bytep *volatile rows = NULL;
  if (!info) {
    png_destroy_read_struct(&png, NULL, NULL);
    strncpy(picture->message, "no memory", sizeof picture->message - 1);
    return CPICTURES_DAMAGED;
  }
  if (setjmp(png_jmpbuf(png))) {
    free((void *)rows);
    png_destroy_read_struct(&png, &info, NULL);
    return CPICTURES_DAMAGED;
  }
  png_set_read_fn(png, &source, read_bytes);
  png_set_chunk_malloc_max(png, 1 << 24);
  png_set_chunk_cache_max(png, 128);
  /* Sizes are judged here, for a message of our own. */
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_read_info(png, info);
  picture->width = png_get_image_width(png, info);
  picture->height = png_get_image_height(png, info);
  int type = png_get_color_type(png, info);
  enum cpictures_status status = CPICTURES_READ;
  if (picture->width > CPICTURES_LARGEST || picture->height > CPICTURES_LARGEST) status = CPICTURES_TOO_LARGE;
  else if (png_get_bit_depth(png, info) == 16) status = CPICTURES_SIXTEEN_BITS;
  else if ((type & PNG_COLOR_MASK_ALPHA) || png_get_valid(png, info, PNG_INFO_tRNS)) status = CPICTURES_ALPHA;
  picture->channels = type == PNG_COLOR_TYPE_GRAY || type == PNG_COLOR_TYPE_GRAY_ALPHA ? 1 : 3;
  if (status == CPICTURES_READ && pixels) {
    if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (type == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    size_t stride = (size_t)picture->width * picture->channels;
    if (png_get_rowbytes(png, info) != stride || stride * picture->height != room)
      png_error(png, "its rows have another length than its header says");
    rows = (png_bytep *)malloc(picture->height * sizeof *rows);
    if (!rows) png_error(png, "no memory");
    for (uint32_t row = 0; row < picture->height; row++) rows[row] = pixels + row * stride;
    png_read_image(png, rows);
    png_read_end(png, NULL);
    free((void *)rows);
    rows = NULL;
  }
  png_destroy_read_struct(&png, &info, NULL);
  return status;
}

enum cpictures_status cpictures_header(const uint8_t *bytes, size_t size, struct cpictures_picture *picture) {
  return read_picture(bytes, size, picture, NULL, 0);
}

enum cpictures_status cpictures_pixels(
    const uint8_t *bytes, size_t size, struct cpictures_picture *picture, uint8_t *pixels, size_t room) {
  return read_picture(bytes, size, picture, pixels, room);
}
