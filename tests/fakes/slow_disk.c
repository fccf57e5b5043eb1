// Preloaded into a program: what syncing the outbox's files does is said by the first word in the file $SLOW_DISK: a number of
// seconds that the next sync takes (once: the word is then taken away), or "fail". Nothing there: as ever.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_outbox(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof(path) - 1);
  path[size < 0 ? 0 : size] = '\0';
  return strstr(path, "outbox.db") != NULL;
}

static int spoilt(int fd) {
  const char* file = getenv("SLOW_DISK");
  char word[16] = "";
  FILE* order = file != NULL && is_outbox(fd) ? fopen(file, "r") : NULL;
  if (order == NULL) return 0;
  if (fscanf(order, "%15s", word) != 1) word[0] = '\0';
  fclose(order);
  if (strcmp(word, "fail") == 0) {
    errno = EIO;
    return 1;
  }
  if (word[0] != '\0') {
    unlink(file);
    sleep((unsigned)atoi(word));
  }
  return 0;
}

int fsync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  return spoilt(fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return spoilt(fd) ? -1 : real(fd);
}
