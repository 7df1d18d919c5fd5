// The whole userland of the kernel that judges mended modules, with no C library: process 1, which runs /script line
// by line and prints the commands and their results on the console. A line is a letter and words:
//   l FILE        load a module     u NAME   unload one      r FILE   print a file
//   w FILE TEXT   write to a file   a FILE TEXT   append to one     g FILE TEXT   print a file's lines with it
// Results are printed as "= NUMBER", 0 or more, or -errno; files between "<<" and ">>".

#include <asm/fcntl.h>
#include <asm/unistd.h>
#include <linux/mount.h>
#include <linux/reboot.h>

#include "../../../src/verify/process.h"

typedef unsigned int word;

static char script[1 << 16], buffer[1 << 14];

static word length(const char *text) {
  word size = 0;
  while (text[size]) size++;
  return size;
}

static void print(const char *text, word size) {
  while (size > 0) {
    long done = kernel(__NR_write, 1, text, size);
    if (done <= 0) return;
    text += done;
    size -= done;
  }
}

static void say(const char *text) { print(text, length(text)); }

static void print_number(long number) {
  char digits[16];
  word at = sizeof digits, left = number < 0 ? -number : number;
  do digits[--at] = '0' + left % 10;
  while ((left /= 10) > 0);
  if (number < 0) digits[--at] = '-';
  say("= ");
  print(digits + at, sizeof digits - at);
  say("\n");
}

static long put(const char *path, const char *text, int flags) {
  long file = kernel(__NR_open, path, O_WRONLY | flags, 0);
  if (file < 0) return file;
  long answer = kernel(__NR_write, file, text, length(text));
  kernel(__NR_close, file);
  return answer;
}

static int within(const char *line, word size, const char *text) {
  word wanted = length(text);
  for (word at = 0; at + wanted <= size; at++) {
    word same = 0;
    while (same < wanted && line[at + same] == text[same]) same++;
    if (same == wanted) return 1;
  }
  return 0;
}

/** Prints a file's lines that contain the text; all of them when the text is empty. */
static void show(const char *path, const char *text) {
  static char line[1024];
  word used = 0;
  long file = kernel(__NR_open, path, O_RDONLY, 0), size;
  say("<<\n");
  while (file >= 0 && (size = kernel(__NR_read, file, buffer, sizeof buffer)) > 0) {
    for (long i = 0; i < size; i++) {
      line[used++] = buffer[i];
      if (buffer[i] != '\n' && used < sizeof line) continue;
      if (within(line, used, text)) print(line, used);
      used = 0;
    }
  }
  if (file >= 0) kernel(__NR_close, file);
  say(">>\n");
}

static void obey(char *line) {
  char *first = line + 2, *rest = first;
  while (*rest && *rest != ' ') rest++;
  if (*rest) *rest++ = 0;
  say("$ ");
  print(line, 1);
  say(" ");
  say(first);
  say(" ");
  say(rest);
  say("\n");
  if (line[0] == 'l') {
    long file = kernel(__NR_open, first, O_RDONLY, 0);
    print_number(file < 0 ? file : kernel(__NR_finit_module, file, rest, 0));
    kernel(__NR_close, file);
  } else if (line[0] == 'u') {
    print_number(kernel(__NR_delete_module, first, O_NONBLOCK));
  } else if (line[0] == 'w' || line[0] == 'a') {
    print_number(put(first, rest, line[0] == 'a' ? O_APPEND : O_TRUNC));
  } else if (line[0] == 'r' || line[0] == 'g') {
    show(first, rest);
  }
}

int main(void) {
  kernel(__NR_mount, "proc", "/proc", "proc", 0, 0);
  kernel(__NR_mount, "sysfs", "/sys", "sysfs", 0, 0);
  kernel(__NR_mount, "tracefs", "/sys/kernel/tracing", "tracefs", 0, 0);
  long console = kernel(__NR_open, "/dev/console", O_RDWR, 0);
  kernel(__NR_dup3, console, 1, 0);
  long file = kernel(__NR_open, "/script", O_RDONLY, 0);
  long size = kernel(__NR_read, file, script, sizeof script - 1);
  for (char *line = script; line < script + size;) {
    char *next = line;
    while (*next && *next != '\n') next++;
    *next = 0;
    if (line[0]) obey(line);
    line = next + 1;
  }
  say("end of script\n");
  kernel(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART, 0);
  for (;;) kernel(__NR_pause);
}
