/* The state that an exception leaves for the program that caused it; rom.S and C read it. */

#define RETURNED 0 /* no exception: the code returned by jr */
#define REFILL 1
#define GENERAL 2
#define INTERRUPT 3
#define BOOT_REFILL 4
#define BOOT_GENERAL 5
#define BOOT_INTERRUPT 6
#define BOOT_DEBUG 7
#define MOVED 8 /* added to the number, for vectors at another EBase */

#define TRAP_VECTOR 0
#define TRAP_CAUSE 4
#define TRAP_EPC 8
#define TRAP_STATUS 12
#define TRAP_BADVADDR 16
#define TRAP_CONTEXT 20
#define TRAP_ENTRYHI 24
#define TRAP_ERROREPC 28
#define TRAP_V0 32
#define TRAP_V1 36
#define TRAP_RA 40
#define TRAP_A0 48
#define TRAP_DEBUG 64
#define TRAP_DEPC 68
#define TRAP_SIZE 72
