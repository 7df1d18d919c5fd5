// Process 1 of the kernel that farjal keeps running for `insmod` and similar commands, without a C library. It handles
// the host's requests one after the other: load and unload modules, read and write files, run a command, return the
// kernel's messages. src/board/linux.ts is the other side.
//
// Both sides share a window of physical memory that the kernel is told not to use (mem=), and a doorbell: a device
// register. A write to it stops the board at that instruction, so that the host can take a snapshot, or put the next
// request into the window before the write completes. So nothing is polled, and no data goes through a serial line.

#include <asm/fcntl.h>
#include <asm/unistd.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/wait.h>

#include "../../verify/process.h"

typedef unsigned int word;

/** linux.ts defines the same numbers. */
enum { WINDOW = 128 << 20, WINDOW_SIZE = 64 << 20, DOORBELL = 0x1d000000, PAGE = 4096 };
enum { TEXT = 0x1000, TEXT_SIZE = 0x10000, LINES = 0x20000, LINES_SIZE = 0x1e0000, DATA = 0x200000 };
enum { DATA_SIZE = WINDOW_SIZE - DATA };

/** The requests. */
enum { LOAD = 1, UNLOAD = 2, READ = 3, WRITE = 4, APPEND = 5, RUN = 6, SLEEP = 7 };

/** The values that the agent writes to the doorbell. */
enum { READY = 1, TROUBLE = 2 };

/** The head of the window; the sizes are those of DATA and of LINES. */
struct request {
  word what, size;           /* the host's */
  int result;                /* 0 or more, or -errno */
  word answered, lines_size; /* the agent's */
};

static volatile struct request *request;
static unsigned char *window;
static volatile word *doorbell;
static long messages;

void *memcpy(void *to, const void *from, word size) {
  for (word i = 0; i < size; i++) ((char *)to)[i] = ((const char *)from)[i];
  return to;
}

void *memset(void *to, int byte, word size) {
  for (word i = 0; i < size; i++) ((char *)to)[i] = byte;
  return to;
}

/**
 * Reads until the end of the file or of the buffer, or until the file would wait for more. In pieces, since files of
 * /proc/sys refuse large reads.
 */
static int drain(long file, unsigned char *to, word room, word *size) {
  enum { PIECE = 1 << 16, WOULD_WAIT = 11 /* EAGAIN */ };
  word done = 0;
  long count = 0;
  while (done < room) {
    word rest = room - done;
    count = kernel(__NR_read, file, to + done, rest < PIECE ? rest : PIECE);
    if (count <= 0) break;
    done += count;
  }
  *size = done;
  return count < 0 && count != -WOULD_WAIT ? count : 0;
}

static int read_file(const char *path, word *size) {
  long file = kernel(__NR_open, path, O_RDONLY | O_NONBLOCK, 0);
  if (file < 0) return file;
  int result = drain(file, window + DATA, DATA_SIZE, size);
  kernel(__NR_close, file);
  return result;
}

static int write_file(const char *path, const unsigned char *bytes, word size, int flags) {
  long file = kernel(__NR_open, path, O_WRONLY | flags, 0644);
  if (file < 0) return file;
  int result = 0;
  for (word done = 0; done < size && result >= 0; done += result) {
    result = kernel(__NR_write, file, bytes + done, size - done);
    if (result == 0) break;
  }
  int closed = kernel(__NR_close, file);
  return result < 0 ? result : closed;
}

/** Runs a command in the initramfs' shell; its output goes to DATA. Returns the exit status. */
static int run(const char *command, word *size) {
  static const char *environment[] = {"PATH=/sbin:/usr/sbin:/bin:/usr/bin", "HOME=/", "TERM=linux", 0};
  const char *arguments[] = {"sh", "-c", command, 0};
  int pipe[2], status = 0;
  long made = kernel(__NR_pipe2, pipe, 0);
  if (made < 0) return made;
  long child = kernel(__NR_fork);
  if (child == 0) {
    kernel(__NR_dup2, pipe[1], 1);
    kernel(__NR_dup2, pipe[1], 2);
    kernel(__NR_close, pipe[0]);
    kernel(__NR_close, pipe[1]);
    kernel(__NR_execve, "/bin/sh", arguments, environment);
    kernel(__NR_exit, 127);
  }
  kernel(__NR_close, pipe[1]);
  if (child < 0) {
    kernel(__NR_close, pipe[0]);
    return child;
  }
  drain(pipe[0], window + DATA, DATA_SIZE, size);
  kernel(__NR_close, pipe[0]);
  kernel(__NR_wait4, child, &status, 0, 0);
  return status & 0x7f ? 128 + (status & 0x7f) : (status >> 8) & 0xff;
}

/** Reads the kernel's messages since the last call, as records of /dev/kmsg. */
static word gather_lines(void) {
  enum { RECORD_MOST = 8192, OVERRUN = 32 /* EPIPE */ };
  word size = 0;
  while (messages >= 0 && LINES_SIZE - size >= RECORD_MOST) {
    long count = kernel(__NR_read, messages, window + LINES + size, RECORD_MOST);
    if (count == -OVERRUN) continue;
    if (count <= 0) break;
    size += count;
  }
  return size;
}

/** Sleeps for some microseconds. Kernels may lack the calls with 32-bit times (COMPAT_32BIT_TIME). */
static int sleep_for(word microseconds) {
  long long time[2] = {microseconds / 1000000, microseconds % 1000000 * 1000};
  return kernel(__NR_clock_nanosleep_time64, 1 /* CLOCK_MONOTONIC */, 0, time, 0);
}

static int serve(word what, word size, const char *text, word *answered) {
  switch (what) {
    case LOAD:
      return kernel(__NR_init_module, window + DATA, size, text);
    case UNLOAD:
      return kernel(__NR_delete_module, text, O_NONBLOCK);
    case READ:
      return read_file(text, answered);
    case WRITE:
      return write_file(text, window + DATA, size, O_CREAT | O_TRUNC);
    case APPEND:
      return write_file(text, window + DATA, size, O_CREAT | O_APPEND);
    case RUN:
      return run(text, answered);
    case SLEEP:
      return sleep_for(size);
    default:
      return 0;
  }
}

static unsigned char *map(long memory, word physical, word size) {
  long at = kernel(__NR_mmap2, 0, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, physical / PAGE);
  return at < 0 && at > -4096 ? 0 : (unsigned char *)at;
}

/** Without the window or the doorbell the agent can report an error only by exiting, which makes the kernel panic. */
static void __attribute__((noreturn)) give_up(const char *why, word size) {
  kernel(__NR_write, 1, why, size);
  kernel(__NR_exit, 1);
  for (;;) continue;
}

#define GIVE_UP(why) give_up("farjal's agent: " why "\n", sizeof "farjal's agent: " why)

int main(void) {
  kernel(__NR_mkdir, "/proc", 0755);
  kernel(__NR_mkdir, "/sys", 0755);
  kernel(__NR_mkdir, "/dev", 0755);
  kernel(__NR_mkdir, "/tmp", 0755);
  kernel(__NR_mount, "proc", "/proc", "proc", 0, 0);
  kernel(__NR_mount, "sysfs", "/sys", "sysfs", 0, 0);
  kernel(__NR_mount, "devtmpfs", "/dev", "devtmpfs", 0, 0);
  kernel(__NR_mount, "debugfs", "/sys/kernel/debug", "debugfs", 0, 0);
  kernel(__NR_mount, "tracefs", "/sys/kernel/tracing", "tracefs", 0, 0);
  long memory = kernel(__NR_open, "/dev/mem", O_RDWR | O_SYNC, 0);
  if (memory < 0) GIVE_UP("the kernel has no /dev/mem (CONFIG_DEVMEM)");
  doorbell = (volatile word *)map(memory, DOORBELL, PAGE);
  kernel(__NR_close, memory);
  memory = kernel(__NR_open, "/dev/mem", O_RDWR, 0);
  window = map(memory, WINDOW, WINDOW_SIZE);
  if (!window || !doorbell) GIVE_UP("/dev/mem can't be mapped (CONFIG_STRICT_DEVMEM)");
  kernel(__NR_close, memory);
  request = (volatile struct request *)window;
  messages = kernel(__NR_open, "/dev/kmsg", O_RDONLY | O_NONBLOCK, 0);
  kernel(__NR_lseek, messages, 0, 2 /* SEEK_END */);
  for (;;) {
    *doorbell = READY;
    word answered = 0;
    window[TEXT + TEXT_SIZE - 1] = 0;
    request->result = serve(request->what, request->size, (const char *)window + TEXT, &answered);
    request->answered = answered;
    request->lines_size = gather_lines();
  }
}
