/*
 * What the lab kernel's C files share: the kernel's integer types, and the functions that one file defines and
 * another calls. The lab is not Linux. It keeps the names, the arguments and the results that modules built for Linux
 * 6.1 on 32-bit MIPS rely on.
 */
#ifndef LAB_H
#define LAB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "export.h"

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;
typedef unsigned int gfp_t;

#define PAGE_SIZE 4096u
#define HZ 250 /* Debian's 4kc-malta configuration */

/* Negative results, with the numbers of errno.h on MIPS. */
#define ENOENT 2
#define E2BIG 7
#define ENOMEM 12
#define EBUSY 16
#define EINVAL 22
#define ENOSPC 28
#define ERANGE 34

/* hypercalls.S */
void panic(const char *format, ...) __attribute__((noreturn));
int _printk(const char *format, ...);
int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments);

/* memory.c, string.c */
void *memcpy(void *to, const void *from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *start, int value, size_t count);
int memcmp(const void *a, const void *b, size_t count);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t limit);
int strcmp(const char *a, const char *b);
long strscpy(char *to, const char *from, size_t size);

/* number.c */
extern const u8 _ctype[256];
int kstrtoull(const char *text, unsigned int base, u64 *result);
int kstrtoll(const char *text, unsigned int base, s64 *result);
int kstrtobool(const char *text, bool *result);

/* format.c */
int scnprintf(char *buffer, size_t size, const char *format, ...);

/* heap.c */
void *__kmalloc(size_t size, gfp_t flags);
void kfree(const void *object);

/* time.c */
extern u64 jiffies_64;

#endif
