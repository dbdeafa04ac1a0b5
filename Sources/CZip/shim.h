#ifndef CZIP_SHIM_H
#define CZIP_SHIM_H
#include <zip.h>

/* ZIP_RDONLY | ZIP_CHECKCONS: macros of casts are not imported. The descriptor is the archive's from here on. */
static inline zip_t *czip_open(int descriptor, int *error) {
  return zip_fdopen(descriptor, ZIP_CHECKCONS, error);
}
#endif
