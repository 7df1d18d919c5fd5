# The ROM's frame: reset, both sets of exception vectors, and attempt(), which runs a piece of code that may end in an
# exception. It starts from a cold reset, so that the processor's own state is visible. a0 holds the address for
# output (console.c); on a board it is 0, because QEMU clears the registers.

        .set    noreorder
        .set    noat
        .set    mips32r2

#include "trap.h"

#define C0_COMPARE      $11
#define C0_STATUS       $12
#define C0_CAUSE        $13
#define C0_EPC          $14
#define C0_EBASE        $15, 1
#define C0_DEBUG        $23
#define C0_DEPC         $24
#define C0_ERROREPC     $30
#define C0_BADVADDR     $8
#define C0_CONTEXT      $4
#define C0_ENTRYHI      $10

# Each vector jumps to `trapped` with its number in k1.
        .macro  VECTOR number
        lui     $k0, %hi(trapped)
        addiu   $k0, $k0, %lo(trapped)
        jr      $k0
        li      $k1, \number
        .endm

# The registers that C expects unchanged, saved until attempt() or resume() return.
        .macro  KEEP at
        la      \at, kept
        sw      $s0, 0(\at)
        sw      $s1, 4(\at)
        sw      $s2, 8(\at)
        sw      $s3, 12(\at)
        sw      $s4, 16(\at)
        sw      $s5, 20(\at)
        sw      $s6, 24(\at)
        sw      $s7, 28(\at)
        sw      $s8, 32(\at)
        sw      $sp, 36(\at)
        sw      $ra, 40(\at)
        .endm

        .section .reset, "ax"
        .globl  reset
reset:
        b       start
        nop
        .org    0x10            # the board writes its revision over this word
        .word   0
        .org    0x200
        VECTOR  BOOT_REFILL
        .org    0x380
        VECTOR  BOOT_GENERAL
        .org    0x400
        VECTOR  BOOT_INTERRUPT
        .org    0x480
        VECTOR  BOOT_DEBUG

# The vectors at EBase, which start() copies there.
        .org    0x800
        .globl  vectors
vectors:
        VECTOR  REFILL
        .org    0x800 + 0x180
        VECTOR  GENERAL
        .org    0x800 + 0x200
        VECTOR  INTERRUPT
        .org    0x800 + 0x220
        .globl  vectors_end
vectors_end:

start:
        la      $sp, stack_top
        la      $t0, bss_start
        la      $t1, bss_end
1:      sw      $0, 0($t0)
        addiu   $t0, $t0, 4
        bne     $t0, $t1, 1b
        nop
        la      $t0, console
        jal     begin
        sw      $a0, 0($t0)
        # Nothing can end this wait: Status.IM is 0.
1:      wait
        b       1b
        nop

        .text

# void attempt(const unsigned *code, const unsigned arguments[4], unsigned status): jumps to code by eret, with the
# arguments in a0..a3, the code's address in t9, and the given Status. The code ends in an exception, or returns by
# `jr $t8`. In both cases trap holds the registers.
        .globl  attempt
attempt:
        KEEP    $t0
        ori     $a2, $a2, 2
        mtc0    $a2, C0_STATUS
        mtc0    $a0, C0_EPC
        ehb
        move    $t9, $a0
        la      $t8, returned
        li      $v0, 0
        li      $v1, 0
        move    $t0, $a1
        lw      $a0, 0($t0)
        lw      $a1, 4($t0)
        lw      $a2, 8($t0)
        lw      $a3, 12($t0)
        eret

# void resume(unsigned status, unsigned skip): returns by eret to the place of the last exception plus skip bytes,
# with the given Status. Only v0, v1 and a0 to a3 keep their values.
        .globl  resume
resume:
        KEEP    $t0
        la      $t0, trap
        lw      $v0, TRAP_V0($t0)
        lw      $v1, TRAP_V1($t0)
        lw      $t1, TRAP_EPC($t0)
        addu    $t1, $t1, $a1
        ori     $a0, $a0, 2
        mtc0    $a0, C0_STATUS
        mtc0    $t1, C0_EPC
        ehb
        la      $t8, returned
        lw      $a0, TRAP_A0($t0)
        lw      $a1, TRAP_A0 + 4($t0)
        lw      $a2, TRAP_A0 + 8($t0)
        lw      $a3, TRAP_A0 + 12($t0)
        eret

returned:
        li      $k1, RETURNED
trapped:
        la      $k0, trap
        sw      $k1, TRAP_VECTOR($k0)
        sw      $v0, TRAP_V0($k0)
        sw      $v1, TRAP_V1($k0)
        sw      $ra, TRAP_RA($k0)
        sw      $a0, TRAP_A0($k0)
        sw      $a1, TRAP_A0 + 4($k0)
        sw      $a2, TRAP_A0 + 8($k0)
        sw      $a3, TRAP_A0 + 12($k0)
        mfc0    $k1, C0_CAUSE
        sw      $k1, TRAP_CAUSE($k0)
        mfc0    $k1, C0_EPC
        sw      $k1, TRAP_EPC($k0)
        mfc0    $k1, C0_STATUS
        sw      $k1, TRAP_STATUS($k0)
        mfc0    $k1, C0_BADVADDR
        sw      $k1, TRAP_BADVADDR($k0)
        mfc0    $k1, C0_CONTEXT
        sw      $k1, TRAP_CONTEXT($k0)
        mfc0    $k1, C0_ENTRYHI
        sw      $k1, TRAP_ENTRYHI($k0)
        mfc0    $k1, C0_ERROREPC
        sw      $k1, TRAP_ERROREPC($k0)
        mfc0    $k1, C0_DEBUG
        sw      $k1, TRAP_DEBUG($k0)
        mfc0    $k1, C0_DEPC
        sw      $k1, TRAP_DEPC($k0)
        mtc0    $0, C0_STATUS
        lw      $k1, TRAP_VECTOR($k0)
        addiu   $k1, $k1, -BOOT_DEBUG
        bnez    $k1, 1f
        nop
        la      $k1, 1f
        mtc0    $k1, C0_DEPC
        ehb
        deret
1:      ehb
        la      $k0, kept
        lw      $s0, 0($k0)
        lw      $s1, 4($k0)
        lw      $s2, 8($k0)
        lw      $s3, 12($k0)
        lw      $s4, 16($k0)
        lw      $s5, 20($k0)
        lw      $s6, 24($k0)
        lw      $s7, 28($k0)
        lw      $s8, 32($k0)
        lw      $sp, 36($k0)
        lw      $ra, 40($k0)
        jr.hb   $ra
        nop

# The endings of pieces of code: they return to attempt(), from kernel mode; or, from any mode, by an exception.
        .section .rodata
        .globl  back, systemCall
        .align  2
back:   jr      $t8
        nop
systemCall:
        syscall 99
        nop

        .bss
        .align  3
        .globl  trap
trap:   .space  TRAP_SIZE
kept:   .space  44
        .align  3
        .space  0x2000
stack_top:
