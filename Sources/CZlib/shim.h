#ifndef CZLIB_SHIM_H
#define CZLIB_SHIM_H
#include <zlib.h>

/* inflateInit2 is a macro, which Swift does not import. 15 + 16: the largest window, gzip data only. */
static inline int czlib_begin_inflating_gzip(z_stream *stream) { return inflateInit2(stream, 15 + 16); }
#endif
