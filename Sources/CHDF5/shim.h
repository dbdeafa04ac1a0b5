#ifndef CHDF5_SHIM_H
#define CHDF5_SHIM_H
#include <hdf5.h>
#include <string.h>

/* What HDF5 files have that NetCDF-C follows, hides or cannot read. HDF5's types and functions are macros that depend
   on its version, which Swift does not import. Callers hold the lock of the NetCDF library. */

/* What a variable or link is, as far as the NetCDF library hides it. */
enum chdf5_finding {
  CHDF5_NOTHING = 0,
  CHDF5_EXTERNAL_LINK,     /* a link to another file */
  CHDF5_EXTERNAL_STORAGE,  /* values in another file */
  CHDF5_VIRTUAL,           /* values in other variables, which may be in other files */
  CHDF5_ENUMERATION,       /* a type with named values: h5py's booleans */
  CHDF5_COMPOUND,          /* records: h5py's complex numbers */
  CHDF5_OTHER_TYPE,        /* references, opaque bytes, lists */
  CHDF5_MISSING_FILTER,    /* compressed by a filter that is not installed */
  CHDF5_UNREADABLE
};

struct chdf5_search {
  enum chdf5_finding finding;
  char name[512];
};

static inline enum chdf5_finding chdf5_storage(hid_t dataset) {
  enum chdf5_finding finding = CHDF5_NOTHING;
  hid_t list = H5Dget_create_plist(dataset);
  if (list < 0) return CHDF5_UNREADABLE;
  if (H5Pget_external_count(list) > 0) finding = CHDF5_EXTERNAL_STORAGE;
  if (H5Pget_layout(list) == H5D_VIRTUAL) finding = CHDF5_VIRTUAL;
  H5Pclose(list);
  return finding;
}

static inline herr_t chdf5_visit(hid_t group, const char *name, const H5L_info_t *info, void *data) {
  struct chdf5_search *search = (struct chdf5_search *)data;
  enum chdf5_finding finding = CHDF5_NOTHING;
  if (info->type == H5L_TYPE_HARD) {
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    if (object >= 0) {
      if (H5Iget_type(object) == H5I_DATASET) finding = chdf5_storage(object);
      H5Oclose(object);
    }
  } else if (info->type != H5L_TYPE_SOFT) {
    finding = CHDF5_EXTERNAL_LINK;
  }
  if (finding == CHDF5_NOTHING || finding == CHDF5_UNREADABLE) return 0;
  search->finding = finding;
  strncpy(search->name, name, sizeof search->name - 1);
  return 1;
}

/* The first link or variable of a file that leaves it; CHDF5_UNREADABLE where the file cannot be opened. */
static inline enum chdf5_finding chdf5_departure(const char *path, char *name, size_t size) {
  struct chdf5_search search;
  memset(&search, 0, sizeof search);
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0) return CHDF5_UNREADABLE;
  herr_t status = H5Lvisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, chdf5_visit, &search);
  H5Fclose(file);
  if (status < 0) return CHDF5_UNREADABLE;
  strncpy(name, search.name, size - 1);
  return search.finding;
}

/* Why the NetCDF library does not show a variable or its values; the number of the filter that is missing. */
static inline enum chdf5_finding chdf5_variable(const char *path, const char *variable, int *filter) {
  enum chdf5_finding finding = CHDF5_NOTHING;
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0) return CHDF5_UNREADABLE;
  hid_t dataset = H5Dopen2(file, variable, H5P_DEFAULT);
  if (dataset < 0) {
    H5Fclose(file);
    return CHDF5_UNREADABLE;
  }
  hid_t type = H5Dget_type(dataset);
  switch (H5Tget_class(type)) {
    case H5T_INTEGER: case H5T_FLOAT: case H5T_STRING: break;
    case H5T_ENUM: finding = CHDF5_ENUMERATION; break;
    case H5T_COMPOUND: finding = CHDF5_COMPOUND; break;
    default: finding = CHDF5_OTHER_TYPE;
  }
  H5Tclose(type);
  hid_t list = H5Dget_create_plist(dataset);
  int count = list < 0 ? 0 : H5Pget_nfilters(list);
  for (int i = 0; finding == CHDF5_NOTHING && i < count; i++) {
    unsigned flags = 0, configuration = 0;
    size_t values = 0;
    char name[1];
    H5Z_filter_t number = H5Pget_filter2(list, (unsigned)i, &flags, &values, NULL, sizeof name, name, &configuration);
    if (number >= 0 && H5Zfilter_avail(number) <= 0) {
      finding = CHDF5_MISSING_FILTER;
      *filter = (int)number;
    }
  }
  if (list >= 0) H5Pclose(list);
  H5Dclose(dataset);
  H5Fclose(file);
  return finding;
}
#endif
