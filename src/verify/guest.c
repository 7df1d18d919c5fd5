// The whole userland of the kernel that `farjal verify` boots: process 1, with no C library. It loads the modules of
// its initramfs and records the kernel's result for each: the return value, the printed lines, and the module's
// memory at three moments.
//
// The first moment is the most important one: memory is relocated and nothing has run. load_module() copies the
// module's arguments at that moment (strndup_user() in kernel/module/main.c). A second thread therefore calls
// finit_module() with arguments on a page that userfaultfd holds back. It stops in that copy until the first thread
// has read the module's blocks, whose addresses are new lines of /proc/vmallocinfo. A kernel built without userfaultfd
// can't be paused: there the memory is recorded at the other two moments alone.
//
// The function tracer runs meanwhile: ftrace takes a filter for a module that isn't loaded yet, and applies it when the
// module's functions become traceable. What an init function calls of its own module is the trace's text.
//
// The program is for o32, which a 64-bit kernel with CONFIG_MIPS32_O32 runs too. The kernel's addresses have 64 bits
// here; in a 32-bit kernel the high ones are 0.
//
// Records go into RAM that mem= keeps the kernel from using, and that the host maps as a file; records.ts reads them.
// They are in the guest's byte order.

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <asm/unistd.h>
#include <linux/elf.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>
#include <linux/wait.h>

#include "process.h"

typedef unsigned int word;
typedef unsigned long long address;

/** The address of the records: physical memory above the kernel's. guest.ts has the same numbers. */
enum { RECORDS = 128 << 20, RECORDS_SIZE = 64 << 20 };

/** Kinds of records. records.ts has the same numbers. */
enum {
  ANSWER = 1,   /* value: 0 or errno of finit_module() */
  LINES = 2,    /* bytes: what the kernel has printed since the last record */
  MEMORY = 3,   /* value: address; bytes: what is there */
  SECTION = 4,  /* value: address; bytes: name */
  MODULES = 5,  /* bytes: /proc/modules */
  TROUBLE = 6,  /* value: errno; bytes: what failed */
  ENABLED = 7,  /* bytes: enabled_functions, while all modules are traced */
  UNPAUSED = 8, /* the kernel has no userfaultfd */
  TRACE = 9,    /* bytes: trace, after a module was loaded with its functions traced */
};

/** The module of a record that is about no single one. */
enum { EVERY = -1 };

/** The moments at which MEMORY is recorded. */
enum { RELOCATED = 1, OFF = 2, TRACED = 3 };

enum { PAGE = 4096, MODULES_MOST = 4096, AREAS_MOST = 1024, NAME_MOST = 64, SEGMENTS_MOST = 16 };

struct record {
  word kind, moment, module, size;
  address value;
};

static unsigned char *records;
static word used = 8; /* after two words: the number of bytes of records, and whether they are complete */

static char scratch[1 << 22]; /* the longest file: the functions of all modules */
static char names[MODULES_MOST][NAME_MOST];
static word answers[MODULES_MOST];

/* --- system calls --- */

__asm__(
    ".set noreorder\n"
    ".globl thread\n" /* thread(stack): runs loader() in the same memory, on another stack */
    "thread:\n"
    "  move $a1, $a0\n"
    "  li $a0, 0x500\n" /* CLONE_VM | CLONE_FILES */
    "  li $v0, 4120\n"
    "  syscall\n"
    "  bnez $v0, 1f\n"
    "   nop\n"
    "  jal loader\n"
    "   addiu $sp, $sp, -32\n"
    "1: jr $ra\n"
    "   nop\n"
    ".set reorder\n");

void thread(void *stack);
void loader(void);

/* --- replacements for the C library --- */

void *memcpy(void *to, const void *from, word size) {
  for (word i = 0; i < size; i++) ((char *)to)[i] = ((const char *)from)[i];
  return to;
}

void *memset(void *to, int byte, word size) {
  for (word i = 0; i < size; i++) ((char *)to)[i] = byte;
  return to;
}

static word length(const char *text) {
  word size = 0;
  while (text[size]) size++;
  return size;
}

static char *append(char *to, const char *text) {
  while (*text) *to++ = *text++;
  *to = 0;
  return to;
}

static char *append_number(char *to, word number) {
  if (number > 9) to = append_number(to, number / 10);
  *to++ = '0' + number % 10;
  *to = 0;
  return to;
}

static int has(const char *text, const char *end, const char *wanted) {
  word size = length(wanted);
  for (; text + size <= end; text++) {
    word i = 0;
    while (i < size && text[i] == wanted[i]) i++;
    if (i == size) return 1;
  }
  return 0;
}

/** Reads a hexadecimal number, with or without 0x, at `*text`, and moves `*text` behind it. */
static address hexadecimal(const char **text) {
  address value = 0;
  if ((*text)[0] == '0' && (*text)[1] == 'x') *text += 2;
  for (;; (*text)++) {
    char c = **text;
    if (c >= '0' && c <= '9') value = 16 * value + c - '0';
    else if (c >= 'a' && c <= 'f') value = 16 * value + c - 'a' + 10;
    else return value;
  }
}

/* --- records --- */

static void put(word kind, word moment, word module, address value, const void *bytes, word size);

static void __attribute__((noreturn)) end(void) {
  if (records) ((volatile word *)records)[1] = 1;
  kernel(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART, 0);
  for (;;) kernel(__NR_pause);
}

static void __attribute__((noreturn)) trouble(const char *what, long error) {
  put(TROUBLE, 0, 0, -error, what, length(what));
  end();
}

static long must(const char *what, long result) {
  if (result < 0) trouble(what, result);
  return result;
}

/** Makes a record and returns the address for its bytes. */
static unsigned char *make(word kind, word moment, word module, address value, word size) {
  struct record record = {kind, moment, module, size, value};
  word whole = sizeof record + ((size + 7) & ~7u);
  if (whole > RECORDS_SIZE - used) end();
  unsigned char *at = records + used;
  memcpy(at, &record, sizeof record);
  return at + sizeof record;
}

/** Adds the record that make() began to the count. */
static void made(word size) {
  used += sizeof(struct record) + ((size + 7) & ~7u);
  *(volatile word *)records = used;
}

static void put(word kind, word moment, word module, address value, const void *bytes, word size) {
  memcpy(make(kind, moment, module, value, size), bytes, size);
  made(size);
}

/* --- files --- */

/** Reads as much of a file as fits into `scratch`, and ends it with a NUL. */
static word read_file(const char *path) {
  long file = must(path, kernel(__NR_open, path, O_RDONLY, 0));
  word size = 0;
  for (;;) {
    long count = kernel(__NR_read, file, scratch + size, sizeof scratch - 1 - size);
    if (count <= 0) break;
    size += count;
  }
  kernel(__NR_close, file);
  scratch[size] = 0;
  return size;
}

static void write_file(const char *path, const char *text, int flags) {
  long file = must(path, kernel(__NR_open, path, O_WRONLY | flags, 0));
  must(path, kernel(__NR_write, file, text, length(text)));
  kernel(__NR_close, file);
}

/* --- the kernel's memory --- */

struct segment {
  address from, size, offset;
};

static long kcore;
static struct segment segments[SEGMENTS_MOST];
static word segment_count;

static word smaller(word one, word other) { return one < other ? one : other; }

static void open_kcore(void) {
  const char *path = "/proc/kcore";
  union {
    Elf32_Ehdr narrow;
    Elf64_Ehdr wide;
  } header;
  union {
    Elf32_Phdr narrow[SEGMENTS_MOST];
    Elf64_Phdr wide[SEGMENTS_MOST];
  } table;
  kcore = must(path, kernel(__NR_open, path, O_RDONLY, 0));
  must(path, kernel(__NR_read, kcore, &header, sizeof header));
  word wide = header.narrow.e_ident[EI_CLASS] == ELFCLASS64;
  word count = smaller(wide ? header.wide.e_phnum : header.narrow.e_phnum, SEGMENTS_MOST);
  must(path, kernel(__NR_lseek, kcore, wide ? (word)header.wide.e_phoff : header.narrow.e_phoff, 0));
  must(path, kernel(__NR_read, kcore, &table, count * (wide ? sizeof table.wide[0] : sizeof table.narrow[0])));
  for (word i = 0; i < count; i++) {
    Elf32_Phdr *narrow = &table.narrow[i];
    Elf64_Phdr *broad = &table.wide[i];
    if ((wide ? broad->p_type : narrow->p_type) != PT_LOAD) continue;
    struct segment *segment = &segments[segment_count++];
    segment->from = wide ? broad->p_vaddr : narrow->p_vaddr;
    segment->size = wide ? broad->p_memsz : narrow->p_memsz;
    segment->offset = wide ? broad->p_offset : narrow->p_offset;
  }
}

static void put_memory(word moment, word module, address from, word size) {
  for (word i = 0; i < segment_count; i++) {
    address into = from - segments[i].from;
    if (from < segments[i].from || into >= segments[i].size) continue;
    unsigned char *to = make(MEMORY, moment, module, from, size);
    address offset = segments[i].offset + into;
    word done = 0, at[2];
    must("seek in /proc/kcore", kernel(__NR__llseek, kcore, (word)(offset >> 32), (word)offset, at, 0));
    while (done < size) {
      long count = must("read /proc/kcore", kernel(__NR_read, kcore, to + done, size - done));
      if (count == 0) trouble("/proc/kcore ends", 0);
      done += count;
    }
    made(size);
    return;
  }
  trouble("an address that /proc/kcore has not", 0);
}

/** Lists the blocks that modules have now, from /proc/vmallocinfo; a guard page ends each. */
static word module_areas(address from[AREAS_MOST], address to[AREAS_MOST]) {
  word count = 0;
  char *end = scratch + read_file("/proc/vmallocinfo");
  for (char *line = scratch; line < end;) {
    char *next = line;
    while (next < end && *next != '\n') next++;
    if (count < AREAS_MOST && (has(line, next, " load_module+") || has(line, next, " module_alloc+") || has(line, next, " move_module+"))) {
      const char *at = line;
      from[count] = hexadecimal(&at);
      at++;
      to[count] = hexadecimal(&at) - PAGE;
      count++;
    }
    line = next + 1;
  }
  return count;
}

/** Adds up the sizes of the modules in /proc/modules, NAME SIZE REFERENCES …, each in whole pages. */
static word listed_bytes(void) {
  char *end = scratch + read_file("/proc/modules");
  word sum = 0;
  for (char *at = scratch; at < end; at++) {
    word size = 0;
    while (at < end && *at != ' ') at++;
    for (at++; at < end && *at != ' '; at++) size = 10 * size + *at - '0';
    while (at < end && *at != '\n') at++;
    sum += (size + PAGE - 1) & -PAGE;
  }
  return sum;
}

static address from[AREAS_MOST], to[AREAS_MOST];
static address before[AREAS_MOST];
static word before_count;

/**
 * Lists the blocks of the loaded modules, once init memory is gone: the kernel frees it in a worker. Then they are as
 * large as /proc/modules says; a kernel whose modules are elsewhere is given a second.
 */
static word settled_areas(void) {
  for (int i = 0;; i++) {
    word count = module_areas(from, to), sum = 0;
    for (word j = 0; j < count; j++) sum += to[j] - from[j];
    if (i == 1000 || sum == listed_bytes()) return count;
    kernel(__NR_poll, 0, 0, 1); /* a millisecond */
  }
}

/** Remembers the blocks that there are before a module is loaded. */
static void remember_areas(void) {
  before_count = settled_areas();
  memcpy(before, from, before_count * sizeof before[0]);
}

/** Lists the blocks that are new since then. */
static word new_areas(void) {
  word count = module_areas(from, to), fresh = 0;
  for (word i = 0; i < count; i++) {
    word known = 0;
    for (word j = 0; j < before_count; j++) known |= before[j] == from[i];
    if (known) continue;
    from[fresh] = from[i];
    to[fresh++] = to[i];
  }
  return fresh;
}

/* --- tracing --- */

static const char *const FILTER = "/sys/kernel/tracing/set_ftrace_filter";
static const char *const TRACER = "/sys/kernel/tracing/current_tracer";
static const char *const TRACE_FILE = "/sys/kernel/tracing/trace";
/** A function that never runs here: with an empty filter every function would be traced. */
static const char *const QUIET = "kernel_halt\n";

/** Adds a module's functions to the filter. Returns whether it is accepted: -EINVAL means that it has no call sites. */
static int filter_module(const char *name) {
  char text[NAME_MOST + 8];
  append(append(append(text, ":mod:"), name), "\n");
  if (text[5] <= '9') text[5] = '?'; /* a filter that begins with a digit is taken for a number, even here */
  long file = must(FILTER, kernel(__NR_open, FILTER, O_WRONLY | O_APPEND, 0));
  long result = kernel(__NR_write, file, text, length(text));
  kernel(__NR_close, file);
  return result >= 0;
}

/** Has a module's functions traced as soon as it is loaded, if its name can be given in full. */
static int trace_loading(word module) { return names[module][0] > '9' && filter_module(names[module]); }

/** Records the trace of a module's loading, if it was traced and fits, and empties it. The module may run on meanwhile. */
static void put_trace(word module, int traced) {
  const char *const on = "/sys/kernel/tracing/tracing_on";
  write_file(on, "0", 0);
  word size = traced ? read_file(TRACE_FILE) : 0;
  if (size > 0 && size < sizeof scratch - 1) put(TRACE, 0, module, 0, scratch, size);
  write_file(TRACE_FILE, "\n", O_TRUNC);
  write_file(on, "1", 0);
}

/* --- loading --- */

static char stack[16384] __attribute__((aligned(8)));
static long module_file;
static char *arguments; /* on a page that stays missing until the first thread supplies it */
static int finished[2]; /* a pipe: finit_module()'s answer */

void loader(void) {
  int answer = -kernel(__NR_finit_module, module_file, arguments, 0);
  kernel(__NR_write, finished[1], &answer, sizeof answer);
  kernel(__NR_exit, 0);
}

struct poll_file {
  int file;
  short events, happened;
};

/** Loads a module and records its memory while its arguments are awaited. Returns finit_module()'s errno. */
static int load_paused(word module, long held) {
  struct uffdio_api api = {.api = UFFD_API};
  must("UFFDIO_API", kernel(__NR_ioctl, held, UFFDIO_API, &api));
  arguments = (char *)kernel(__NR_mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct uffdio_register hold = {{(word)arguments, PAGE}, UFFDIO_REGISTER_MODE_MISSING};
  must("UFFDIO_REGISTER", kernel(__NR_ioctl, held, UFFDIO_REGISTER, &hold));
  must("pipe", kernel(__NR_pipe2, finished, 0));
  remember_areas();

  thread(stack + sizeof stack);
  struct poll_file files[2] = {{held, POLLIN}, {finished[0], POLLIN}};
  must("poll", kernel(__NR_poll, files, 2, -1));
  if (files[0].happened) {
    word count = new_areas();
    for (word i = 0; i < count; i++) put_memory(RELOCATED, module, from[i], to[i] - from[i]);
    struct uffdio_zeropage empty = {{(word)arguments, PAGE}};
    must("UFFDIO_ZEROPAGE", kernel(__NR_ioctl, held, UFFDIO_ZEROPAGE, &empty));
  }
  int answer = 0;
  must("answer", kernel(__NR_read, finished[0], &answer, sizeof answer));
  must("wait", kernel(__NR_wait4, -1, 0, __WALL, 0)); /* the next thread uses the same stack */
  kernel(__NR_munmap, arguments, PAGE);
  kernel(__NR_close, finished[0]);
  kernel(__NR_close, finished[1]);
  return answer;
}

static void load(word module) {
  long held = kernel(__NR_userfaultfd, O_NONBLOCK); /* poll() accepts no other mode */
  if (held == -ENOSYS) {
    put(UNPAUSED, 0, module, 0, "", 0);
    answers[module] = -kernel(__NR_finit_module, module_file, "", 0);
  } else {
    answers[module] = load_paused(module, must("userfaultfd", held));
    kernel(__NR_close, held);
  }
  put(ANSWER, 0, module, answers[module], "", 0);
  put(LINES, 0, module, 0, scratch, must("syslog", kernel(__NR_syslog, 4, scratch, sizeof scratch)));
}

/* --- after loading --- */

struct entry {
  unsigned long long inode, offset;
  unsigned short size;
  unsigned char type;
  char name[];
};

static void put_sections(word module) {
  static char entries[32768] __attribute__((aligned(8)));
  char path[160], *directory = append(append(append(path, "/sys/module/"), names[module]), "/sections/");
  long file = kernel(__NR_open, path, O_RDONLY | O_DIRECTORY, 0);
  if (file < 0) return; /* the module isn't loaded any more */
  for (;;) {
    long size = kernel(__NR_getdents64, file, entries, sizeof entries);
    if (size <= 0) break;
    for (long at = 0; at < size; at += ((struct entry *)(entries + at))->size) {
      struct entry *entry = (struct entry *)(entries + at);
      if (entry->type != 8 || length(entry->name) > 64) continue; /* DT_REG */
      append(directory, entry->name);
      read_file(path);
      const char *text = scratch;
      put(SECTION, 0, module, hexadecimal(&text), entry->name, length(entry->name));
    }
  }
  kernel(__NR_close, file);
}

/** Records the memory of the loaded modules: it is all that modules have now. */
static void put_areas(word moment) {
  word count = settled_areas();
  for (word i = 0; i < count; i++) put_memory(moment, EVERY, from[i], to[i] - from[i]);
}

static void trace(word count) {
  word some = 0;
  for (word i = 0; i < count; i++) {
    if (!answers[i]) some |= filter_module(names[i]);
  }
  if (!some) return;
  write_file(TRACER, "function", 0);
  word size = read_file("/sys/kernel/tracing/enabled_functions");
  if (size == sizeof scratch - 1) trouble("enabled_functions is too long", 0);
  put(ENABLED, 0, EVERY, 0, scratch, size);
}

static word read_names(void) {
  word size = read_file("/names"), count = 0, at = 0;
  for (word i = 0; i < size && count < MODULES_MOST; i++) {
    if (scratch[i] == '\n') {
      names[count++][at] = 0;
      at = 0;
    } else if (at < NAME_MOST - 1) {
      names[count][at++] = scratch[i];
    }
  }
  return count;
}

int main(void) {
  kernel(__NR_mount, "proc", "/proc", "proc", 0, 0);
  kernel(__NR_mount, "sysfs", "/sys", "sysfs", 0, 0);
  kernel(__NR_mount, "devtmpfs", "/dev", "devtmpfs", 0, 0);
  kernel(__NR_mount, "tracefs", "/sys/kernel/tracing", "tracefs", 0, 0);
  long memory = kernel(__NR_open, "/dev/mem", O_RDWR, 0);
  if (memory < 0) end();
  long mapped = kernel(__NR_mmap2, 0, RECORDS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, RECORDS / PAGE);
  if (mapped < 0 && mapped > -4096) end();
  records = (unsigned char *)mapped;

  write_file("/proc/sys/kernel/kptr_restrict", "1", 0); /* 0 prints hashes, 1 prints addresses to root */
  open_kcore();
  word count = read_names();
  must("syslog", kernel(__NR_syslog, 5, 0, 0));
  write_file(FILTER, QUIET, O_TRUNC);
  write_file(TRACER, "function", 0);
  for (word i = 0; i < count; i++) {
    char path[32];
    append(append_number(append(path, "/modules/"), i), ".ko");
    module_file = must(path, kernel(__NR_open, path, O_RDONLY, 0));
    int traced = trace_loading(i);
    load(i);
    kernel(__NR_close, module_file);
    put_trace(i, traced);
    put_sections(i);
  }
  write_file(TRACER, "nop", 0);
  put_areas(OFF);
  word size = read_file("/proc/modules");
  put(MODULES, 0, EVERY, 0, scratch, size);
  trace(count);
  put_areas(TRACED);
  end();
}
