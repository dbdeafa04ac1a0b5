#ifndef CPROGRAM_H
#define CPROGRAM_H

// The commit that the program was built from; "unknown" without the Makefile, which asks git.
const char *program_commit(void);

#endif
